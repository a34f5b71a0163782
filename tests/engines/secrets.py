"""Fields of a message that nobody may see, as protojson names them."""

from __future__ import annotations

SECRET_NAMES = [
    "mediaKey",
    "directPath",
    "URL",
    "fileEncSHA256",
    "thumbnailDirectPath",
    "thumbnailSHA256",
    "staticURL",
    "encPayload",
    "encIV",
    "encKey",
    "callKey",
    "token",
    "scansSidecar",
    "streamingSidecar",
    "masterKey",
    "thumbnailURL",
    "mediaURL",
    "originalImageURL",
    "metadataURL",
    "vote",
]
SECRETS = dict.fromkeys(SECRET_NAMES, "U0VDUkVU")

"""What each kind of message is called, in English and Portuguese, with the sign that stands before it."""

from __future__ import annotations

from typing import Final, NamedTuple

from .timeline import Language


class Label(NamedTuple):
    """`sign` is an emoji or empty."""

    sign: str
    en: str
    pt: str

    def said(self, language: Language) -> str:
        return self.pt if language == "pt" else self.en


_POLL = Label("📊", "Poll", "Enquete")
_POLL_RESULTS = Label("📊", "Poll results", "Resultado da enquete")
_CALL = Label("📞", "Call", "Ligação")
_STATUS = Label("⭕", "Status update", "Atualização de status")
_CHANNEL_INVITE = Label("📣", "Invitation to a channel", "Convite para um canal")
_SHARED_HISTORY = Label("🕘", "Shared earlier messages", "Compartilhou mensagens anteriores")
_QUESTION = Label("❓", "Question", "Pergunta")
_ANSWER = Label("💬", "Answer", "Resposta")
_TEXT = Label("", "Empty message", "Mensagem vazia")

FILES: Final[dict[str, Label]] = {
    "image": Label("📷", "Photo", "Foto"),
    "video": Label("🎥", "Video", "Vídeo"),
    "gif": Label("🎞", "GIF", "GIF"),
    "note": Label("🎥", "Video message", "Mensagem de vídeo"),
    "voice": Label("🎤", "Voice message", "Mensagem de voz"),
    "audio": Label("🎵", "Audio", "Áudio"),
    "document": Label("📄", "Document", "Documento"),
    "sticker": Label("💟", "Sticker", "Figurinha"),
}
"""By `Media.kind`."""

KINDS: Final[dict[str, Label]] = {
    "conversation": _TEXT,
    "extendedTextMessage": _TEXT,
    "imageMessage": FILES["image"],
    "videoMessage": FILES["video"],
    "ptvMessage": FILES["note"],
    "audioMessage": FILES["audio"],
    "documentMessage": FILES["document"],
    "stickerMessage": FILES["sticker"],
    "stickerPackMessage": Label("💟", "Sticker pack", "Pacote de figurinhas"),
    "albumMessage": Label("📷", "Album", "Álbum"),
    "contactMessage": Label("👤", "Contact", "Contato"),
    "contactsArrayMessage": Label("👤", "Contacts", "Contatos"),
    "locationMessage": Label("📍", "Location", "Localização"),
    "liveLocationMessage": Label("📍", "Live location", "Localização em tempo real"),
    "groupInviteMessage": Label("👥", "Invitation to a group", "Convite para um grupo"),
    "newsletterAdminInviteMessage": _CHANNEL_INVITE,
    "newsletterFollowerInviteMessageV2": _CHANNEL_INVITE,
    "newsletterAdminProfileMessage": Label("📣", "Channel profile", "Perfil do canal"),
    "newsletterAdminProfileStatusMessage": Label("📣", "Channel profile", "Perfil do canal"),
    "pollCreationMessage": _POLL,
    "pollCreationMessageV2": _POLL,
    "pollCreationMessageV3": _POLL,
    "pollCreationMessageV4": _POLL,
    "pollCreationMessageV5": _POLL,
    "pollCreationMessageV6": _POLL,
    "pollCreationOptionImageMessage": Label("📊", "Picture of a poll", "Imagem de enquete"),
    "pollResultSnapshotMessage": _POLL_RESULTS,
    "pollResultSnapshotMessageV3": _POLL_RESULTS,
    "pollUpdateMessage": Label("📊", "Voted in a poll", "Votou em uma enquete"),
    "pollAddOptionMessage": Label("📊", "Added an option to a poll", "Adicionou uma opção à enquete"),
    "listMessage": Label("📋", "List", "Lista"),
    "buttonsMessage": Label("🔘", "Message with buttons", "Mensagem com botões"),
    "templateMessage": Label("🔘", "Message with buttons", "Mensagem com botões"),
    "interactiveMessage": Label("🔘", "Message with buttons", "Mensagem com botões"),
    "highlyStructuredMessage": Label("📋", "Template message", "Mensagem de modelo"),
    "listResponseMessage": Label("☑️", "Chose from a list", "Escolheu de uma lista"),
    "buttonsResponseMessage": Label("☑️", "Pressed a button", "Apertou um botão"),
    "templateButtonReplyMessage": Label("☑️", "Pressed a button", "Apertou um botão"),
    "interactiveResponseMessage": Label("☑️", "Answered a form", "Respondeu a um formulário"),
    "orderMessage": Label("🛒", "Order", "Pedido"),
    "productMessage": Label("🛍", "Product", "Produto"),
    "requestPaymentMessage": Label("💰", "Payment request", "Pedido de pagamento"),
    "sendPaymentMessage": Label("💰", "Payment", "Pagamento"),
    "declinePaymentRequestMessage": Label("💰", "Payment request declined", "Pedido de pagamento recusado"),
    "cancelPaymentRequestMessage": Label("💰", "Payment request cancelled", "Pedido de pagamento cancelado"),
    "paymentInviteMessage": Label("💰", "Invitation to payments", "Convite para pagamentos"),
    "paymentReminderMessage": Label("💰", "Payment reminder", "Lembrete de pagamento"),
    "splitPaymentMessage": Label("💰", "Split payment", "Conta dividida"),
    "splitPaymentUpdateMessage": Label("💰", "Split payment changed", "Conta dividida alterada"),
    "invoiceMessage": Label("🧾", "Invoice", "Fatura"),
    "call": _CALL,
    "bcallMessage": _CALL,
    "callLogMesssage": _CALL,
    "scheduledCallCreationMessage": Label("📞", "Scheduled call", "Ligação agendada"),
    "scheduledCallEditMessage": Label("📞", "Scheduled call changed", "Ligação agendada alterada"),
    "eventMessage": Label("📅", "Event", "Evento"),
    "eventInviteMessage": Label("📅", "Invitation to an event", "Convite para um evento"),
    "eventCoverImage": Label("📅", "Picture of an event", "Imagem de um evento"),
    "encEventResponseMessage": Label("📅", "Answered an invitation", "Respondeu a um convite"),
    "musicMessage": Label("🎵", "Music", "Música"),
    "reactionMessage": Label("", "Reacted", "Reagiu"),
    "encReactionMessage": Label("", "Reacted", "Reagiu"),
    "commentMessage": Label("💬", "Comment", "Comentário"),
    "encCommentMessage": Label("💬", "Comment", "Comentário"),
    "pinInChatMessage": Label("📌", "Pinned a message", "Fixou uma mensagem"),
    "keepInChatMessage": Label("🔖", "Kept a message", "Manteve uma mensagem"),
    "protocolMessage": Label("ℹ️", "Changed a setting of the chat", "Alterou uma configuração da conversa"),
    "secretEncryptedMessage": Label("✏️", "Changed a message (encrypted)", "Alterou uma mensagem (criptografado)"),
    "conditionalRevealMessage": Label("🕘", "Scheduled message", "Mensagem agendada"),
    "requestPhoneNumberMessage": Label("📱", "Asks for the phone number", "Pede o número de telefone"),
    "placeholderMessage": Label("📱", "Only on the phone", "Somente no celular"),
    "chat": Label("👤", "Chat", "Conversa"),
    "messageHistoryBundle": _SHARED_HISTORY,
    "messageHistoryNotice": _SHARED_HISTORY,
    "limitSharingMessage": Label("🔒", "Limited sharing", "Compartilhamento limitado"),
    "statusMentionMessage": Label("⭕", "Mentioned you in a status", "Mencionou você em um status"),
    "groupStatusMentionMessage": Label("⭕", "Mentioned this group in a status", "Mencionou este grupo em um status"),
    "groupStatusMessage": _STATUS,
    "groupStatusMessageV2": _STATUS,
    "statusAddYours": _STATUS,
    "statusNotificationMessage": _STATUS,
    "statusQuotedMessage": _STATUS,
    "statusLinkPreviewMetadata": _STATUS,
    "statusStickerInteractionMessage": Label("⭕", "Reacted to a status", "Reagiu a um status"),
    "statusQuestionAnswerMessage": _ANSWER,
    "questionMessage": _QUESTION,
    "questionReplyMessage": _ANSWER,
    "questionResponseMessage": _ANSWER,
    "richResponseMessage": Label("🤖", "Answer of an assistant", "Resposta de um assistente"),
    "botTaskMessage": Label("🤖", "Task of an assistant", "Tarefa de um assistente"),
    "botForwardedMessage": Label("🤖", "Message of an assistant", "Mensagem de um assistente"),
    "botPlatformRegistrationSuccessMessage": Label("🤖", "Assistant registered", "Assistente registrado"),
    "stub": Label("ℹ️", "Something happened in this chat", "Algo aconteceu nesta conversa"),
    "unknown": Label("❔", "Message that cannot be read", "Mensagem que não pode ser lida"),
}
"""By the protobuf's field name."""

STUBS: Final[dict[str, Label]] = {
    "CIPHERTEXT": Label("", "Waiting for this message", "Aguardando esta mensagem"),
    "GROUP_CREATE": Label("", "The group was created", "O grupo foi criado"),
    "GROUP_CHANGE_SUBJECT": Label("", "The group has a new name", "O grupo mudou de nome"),
    "GROUP_CHANGE_ICON": Label("", "The group has a new picture", "O grupo mudou de imagem"),
    "GROUP_CHANGE_DESCRIPTION": Label("", "The group has a new description", "O grupo mudou de descrição"),
    "GROUP_CHANGE_INVITE_LINK": Label("", "The group has a new link", "O grupo mudou de link"),
    "GROUP_CHANGE_RESTRICT": Label("", "The group's settings were changed", "A configuração do grupo mudou"),
    "GROUP_CHANGE_ANNOUNCE": Label("", "The group's settings were changed", "A configuração do grupo mudou"),
    "GROUP_PARTICIPANT_ADD": Label("", "Somebody was added", "Alguém foi adicionado"),
    "GROUP_PARTICIPANT_INVITE": Label("", "Somebody joined by a link", "Alguém entrou por um link"),
    "GROUP_PARTICIPANT_REMOVE": Label("", "Somebody was removed", "Alguém foi removido"),
    "GROUP_PARTICIPANT_LEAVE": Label("", "Somebody left", "Alguém saiu"),
    "GROUP_PARTICIPANT_PROMOTE": Label("", "Somebody is an admin now", "Alguém agora é administrador"),
    "GROUP_PARTICIPANT_DEMOTE": Label("", "Somebody is no admin any more", "Alguém deixou de ser administrador"),
    "GROUP_PARTICIPANT_CHANGE_NUMBER": Label("", "Somebody has a new number", "Alguém mudou de número"),
    "INDIVIDUAL_CHANGE_NUMBER": Label("", "The number was changed", "O número mudou"),
    "E2E_IDENTITY_CHANGED": Label("", "The security code was changed", "O código de segurança mudou"),
    "E2E_ENCRYPTED": Label("", "Messages are end-to-end encrypted", "As mensagens são criptografadas"),
    "CHANGE_EPHEMERAL_SETTING": Label("", "Disappearing messages were changed", "As mensagens temporárias mudaram"),
    "CALL_MISSED_VOICE": Label("", "Missed voice call", "Ligação de voz perdida"),
    "CALL_MISSED_VIDEO": Label("", "Missed video call", "Ligação de vídeo perdida"),
    "CALL_MISSED_GROUP_VOICE": Label("", "Missed group call", "Ligação em grupo perdida"),
    "CALL_MISSED_GROUP_VIDEO": Label("", "Missed group call", "Ligação em grupo perdida"),
    "BLOCK_CONTACT": Label("", "The contact was blocked or unblocked", "O contato foi bloqueado ou desbloqueado"),
}
"""By the name of what happened in a chat without anybody writing."""

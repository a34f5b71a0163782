"""Why it is so, in words: each code of the timeline as a sentence in English and Portuguese, with the next action."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from .states import UserAction

Language = Literal["en", "pt"]

_PLACE: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """The same sentence in both languages.

    `{detail}` is what the network said, in brackets, or nothing; any other name in braces is a parameter.
    """

    en: str
    pt: str
    action: UserAction | None = None

    def said(self, language: Language, params: Mapping[str, Any]) -> str:
        said = {**params, "detail": _detail(params)}
        return _PLACE.sub(lambda place: str(said.get(place[1], "?")), self.pt if language == "pt" else self.en)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """A row of the timeline, in words."""

    id: UUID
    at: datetime
    code: str
    state: str | None
    params: dict[str, Any]
    sentence: str
    next_action: str | None


ACTIONS: Final[dict[UserAction, Phrase]] = {
    "scan_qr": Phrase(
        en="On the phone: WhatsApp, Linked devices, Link a device; scan the code.",
        pt="No celular: WhatsApp, Dispositivos conectados, Conectar um dispositivo; leia o código.",
    ),
    "enter_code": Phrase(
        en="On the phone: Linked devices, Link with phone number instead; type the code.",
        pt="No celular: Dispositivos conectados, Conectar com número de telefone; digite o código.",
    ),
    "confirm_passkey": Phrase(
        en="Confirm the passkey that WhatsApp asks for.",
        pt="Confirme a chave de acesso (passkey) que o WhatsApp pede.",
    ),
    "compare_passkey_code": Phrase(
        en="Compare the code with the one on the phone and confirm it.",
        pt="Compare o código com o do celular e confirme.",
    ),
    "start": Phrase(en="Start the instance when you are ready.", pt="Inicie a instância quando quiser."),
    "pair_again": Phrase(
        en="Start the instance and link the phone again.", pt="Inicie a instância e conecte o celular de novo."
    ),
    "close_other_session": Phrase(
        en="Close the other program that uses this same linked device.",
        pt="Feche o outro programa que usa este mesmo dispositivo conectado.",
    ),
    "wait_for_ban": Phrase(
        en="Wait until the ban ends, and send less when it does.",
        pt="Espere o fim do bloqueio e, depois dele, envie menos.",
    ),
    "write_to_known": Phrase(
        en="Write only to people who have written to this number. What waits goes by itself; GET …/queue shows it.",
        pt="Escreva só para quem já escreveu para este número. O que espera vai sozinho; GET …/queue mostra.",
    ),
    "open_phone": Phrase(
        en="Open WhatsApp on the phone while it is online.",
        pt="Abra o WhatsApp no celular, com internet.",
    ),
    "update_recado": Phrase(en="Update Recado.", pt="Atualize o Recado."),
}

CATALOGUE: Final[dict[str, Phrase]] = {
    "created": Phrase(en="The instance was created.", pt="A instância foi criada."),
    "needs_pairing": Phrase(
        en="It came from elsewhere, as from an older back end, and no phone has been linked to it here.",
        pt="Ela veio de fora, como de um sistema antigo, e nenhum celular foi vinculado a ela aqui.",
        action="pair_again",
    ),
    "starting": Phrase(en="Connecting to WhatsApp.", pt="Conectando ao WhatsApp."),
    "trying_again": Phrase(en="Trying to connect again.", pt="Tentando conectar de novo."),
    "taken_over": Phrase(
        en="Recado has started and connects the instance again.",
        pt="O Recado iniciou e está reconectando a instância.",
    ),
    "taken_back": Phrase(
        en="Taking the session back from where else it was opened.",
        pt="Retomando a sessão que foi aberta em outro lugar.",
    ),
    "start_wanted": Phrase(en="Somebody asked to start it.", pt="Alguém pediu para iniciar a instância."),
    "restart_wanted": Phrase(en="Somebody asked to restart it.", pt="Alguém pediu para reiniciar a instância."),
    "stopped_by_user": Phrase(
        en="Somebody asked to stop it. It stays linked.",
        pt="Alguém pediu para parar a instância. Ela continua vinculada.",
        action="start",
    ),
    "scan_qr": Phrase(en="A QR code is waiting to be scanned.", pt="Um código QR espera ser lido.", action="scan_qr"),
    "enter_code": Phrase(
        en="A pairing code is waiting to be typed into the phone.",
        pt="Um código de pareamento espera ser digitado no celular.",
        action="enter_code",
    ),
    "confirm_passkey": Phrase(
        en="WhatsApp asks for a passkey.", pt="O WhatsApp pede uma chave de acesso.", action="confirm_passkey"
    ),
    "compare_passkey_code": Phrase(
        en="WhatsApp shows a code to compare.",
        pt="O WhatsApp mostra um código para comparar.",
        action="compare_passkey_code",
    ),
    "scanned_without_multidevice": Phrase(
        en="The phone that scanned the code is too old: update WhatsApp there and scan again.",
        pt="O celular que leu o código é antigo demais: atualize o WhatsApp nele e leia de novo.",
        action="scan_qr",
    ),
    "paired": Phrase(
        en="The phone has agreed; the first login follows.", pt="O celular aceitou; o primeiro acesso vem em seguida."
    ),
    "pair_failed": Phrase(
        en="The phone could not be linked{detail}.", pt="Não foi possível vincular o celular{detail}.", action="start"
    ),
    "passkey_failed": Phrase(
        en="The passkey was not accepted{detail}.", pt="A chave de acesso não foi aceita{detail}.", action="start"
    ),
    "pairing_timeout": Phrase(
        en="The phone had agreed, but the first login did not come within a minute.",
        pt="O celular tinha aceitado, mas o primeiro acesso não veio em um minuto.",
        action="start",
    ),
    "qr_expired": Phrase(
        en="Nobody scanned the QR code in time.", pt="Ninguém leu o código QR a tempo.", action="start"
    ),
    "code_expired": Phrase(
        en="Nobody typed the pairing code in time.",
        pt="Ninguém digitou o código de pareamento a tempo.",
        action="start",
    ),
    "passkey_expired": Phrase(
        en="Nobody confirmed the passkey in time.",
        pt="Ninguém confirmou a chave de acesso a tempo.",
        action="start",
    ),
    "syncing": Phrase(
        en="Logged in; what WhatsApp kept meanwhile is coming.",
        pt="Acesso feito; o que o WhatsApp guardou está chegando.",
    ),
    "connected": Phrase(en="Connected.", pt="Conectada."),
    "history_begun": Phrase(
        en="The phone has begun to hand over its history.", pt="O celular começou a entregar o seu histórico."
    ),
    "history_complete": Phrase(
        en="The phone's history is stored: {chats} chats, {messages} messages that were not here before.",
        pt="O histórico do celular está gravado: {chats} conversas, {messages} mensagens que ainda não estavam aqui.",
    ),
    "history_piece_lost": Phrase(
        en="A piece of the phone's history could not be had{detail}. The phone was told; the others go on.",
        pt="Uma parte do histórico do celular não pôde ser obtida{detail}. O celular foi avisado; as outras continuam.",
    ),
    "recovered": Phrase(en="WhatsApp answers as it should again.", pt="O WhatsApp voltou a responder como deve."),
    "found_online": Phrase(
        en="The check found the instance connected.", pt="A verificação encontrou a instância conectada."
    ),
    "found_offline": Phrase(
        en="The check found that the connection was gone.", pt="A verificação descobriu que a conexão tinha caído."
    ),
    "restart_asked": Phrase(
        en="WhatsApp asked for a new connection, as it does now and then.",
        pt="O WhatsApp pediu uma nova conexão, como faz de vez em quando.",
    ),
    "connection_lost": Phrase(en="The connection was lost{detail}.", pt="A conexão caiu{detail}."),
    "connection_closed": Phrase(
        en="WhatsApp closed the connection, as it does now and then{detail}.",
        pt="O WhatsApp fechou a conexão, como faz de vez em quando{detail}.",
    ),
    "connect_failed": Phrase(
        en="WhatsApp could not be reached{detail}.", pt="Não foi possível chegar ao WhatsApp{detail}."
    ),
    "connect_failure": Phrase(en="WhatsApp refused the login{detail}.", pt="O WhatsApp recusou o acesso{detail}."),
    "service_unavailable": Phrase(
        en="WhatsApp asked to come back later{detail}.", pt="O WhatsApp pediu para voltar mais tarde{detail}."
    ),
    "stream_error": Phrase(
        en="WhatsApp ended the connection with an error{detail}.",
        pt="O WhatsApp encerrou a conexão com um erro{detail}.",
    ),
    "stream_closed": Phrase(
        en="WhatsApp ended the connection, as it does now and then{detail}.",
        pt="O WhatsApp encerrou a conexão, como faz de vez em quando{detail}.",
    ),
    "start_timeout": Phrase(en="The login was not complete within a minute.", pt="O acesso não terminou em um minuto."),
    "keepalive_timeout": Phrase(
        en="WhatsApp does not answer the keep-alive.", pt="O WhatsApp não responde ao sinal de vida."
    ),
    "probe_slow": Phrase(en="WhatsApp answers slowly.", pt="O WhatsApp está respondendo devagar."),
    "probe_unanswered": Phrase(
        en="WhatsApp did not answer within 10 seconds.", pt="O WhatsApp não respondeu em 10 segundos."
    ),
    "behind": Phrase(
        en="A message has been waiting for more than a minute to be stored.",
        pt="Uma mensagem espera há mais de um minuto para ser gravada.",
    ),
    "not_answering": Phrase(
        en="WhatsApp did not answer twice; the connection was closed.",
        pt="O WhatsApp não respondeu duas vezes; a conexão foi fechada.",
    ),
    "conflict": Phrase(
        en="The same linked device was opened elsewhere. It is taken back in a minute.",
        pt="O mesmo dispositivo conectado foi aberto em outro lugar. Ele será retomado em um minuto.",
        action="close_other_session",
    ),
    "conflict_given_up": Phrase(
        en="The same linked device was opened elsewhere for the fourth time within an hour. Recado gave up.",
        pt="O mesmo dispositivo conectado foi aberto em outro lugar pela quarta vez em uma hora. O Recado desistiu.",
        action="close_other_session",
    ),
    "temporary_ban": Phrase(
        en="WhatsApp has banned this number for a time{detail}.",
        pt="O WhatsApp bloqueou este número por um tempo{detail}.",
        action="wait_for_ban",
    ),
    "time_lock": Phrase(
        en="WhatsApp lets this number start no new chats until {until}. Other chats go on.",
        pt="O WhatsApp não deixa este número iniciar conversas novas até {until}. As outras continuam.",
        action="write_to_known",
    ),
    "new_chats_refused": Phrase(
        en="WhatsApp refused a new chat (463). Messages to people who have never written wait until {until}; "
        "other chats go on.",
        pt="O WhatsApp recusou uma conversa nova (463). Mensagens para quem nunca escreveu esperam até {until}; "
        "as outras conversas continuam.",
        action="write_to_known",
    ),
    "new_chats_open": Phrase(
        en="New chats may be started again; what waited goes now.",
        pt="Conversas novas podem ser iniciadas de novo; o que esperava será enviado agora.",
    ),
    "client_outdated": Phrase(
        en="WhatsApp refuses this version as too old. It is tried again every 6 hours.",
        pt="O WhatsApp recusa esta versão por ser antiga. Nova tentativa a cada 6 horas.",
        action="update_recado",
    ),
    "unlinked": Phrase(
        en="The device was unlinked on the phone{detail}.",
        pt="O dispositivo foi desconectado pelo celular{detail}.",
        action="pair_again",
    ),
    "main_device_gone": Phrase(
        en="WhatsApp is not on that phone any more{detail}.",
        pt="O WhatsApp não está mais naquele celular{detail}.",
        action="pair_again",
    ),
    "unlinked_by_whatsapp": Phrase(
        en="WhatsApp unlinked the device and did not say why{detail}.",
        pt="O WhatsApp desconectou o dispositivo sem dizer por quê{detail}.",
        action="pair_again",
    ),
    "moved": Phrase(
        en="The instance moved to another database with a backup; it starts here no more.",
        pt="A instância foi movida para outro banco com um backup; aqui ela não inicia mais.",
    ),
    "restored": Phrase(
        en="The instance was put back from a backup.",
        pt="A instância foi restaurada de um backup.",
    ),
    "credentials_missing": Phrase(
        en="The credentials of this instance are not there any more.",
        pt="As credenciais desta instância não existem mais.",
        action="pair_again",
    ),
    "logged_out_by_user": Phrase(
        en="Somebody logged the instance out.", pt="Alguém desconectou a instância do celular.", action="pair_again"
    ),
    "phone_offline": Phrase(
        en="The phone has given no sign of life for {days} days. After about 14 WhatsApp unlinks this device.",
        pt="O celular não dá sinal de vida há {days} dias. Depois de uns 14, o WhatsApp desconecta este dispositivo.",
        action="open_phone",
    ),
    "phone_unlinks_soon": Phrase(
        en="The phone has given no sign of life for {days} days: WhatsApp is about to unlink this device.",
        pt="O celular não dá sinal de vida há {days} dias: o WhatsApp está prestes a desconectar este dispositivo.",
        action="open_phone",
    ),
    "phone_back": Phrase(en="The phone has given a sign of life.", pt="O celular deu sinal de vida."),
    "nothing_heard": Phrase(
        en="WhatsApp answers, but nothing has come for {silence}; Recado connects anew to make sure.",
        pt="O WhatsApp responde, mas nada chegou em {silence}; o Recado reconecta para ter certeza.",
    ),
    "nothing_comes": Phrase(
        en="Nothing has come since the new connection either, although at this time something usually does.",
        pt="Também não chegou nada depois da nova conexão, embora neste horário normalmente chegue.",
        action="open_phone",
    ),
    "something_came": Phrase(en="Something has come again.", pt="Voltou a chegar algo."),
    "brings_engine_down": Phrase(
        en="This instance has brought the engine down twice. It is left out, so that the others go on.",
        pt="Esta instância derrubou o motor duas vezes. Ela fica de fora, para que as outras continuem.",
        action="start",
    ),
    "engine_hung": Phrase(
        en="The engine did not answer any more; it is being started again.",
        pt="O motor parou de responder; ele está sendo reiniciado.",
    ),
    "engine_renewed": Phrase(
        en="The engine used too much memory; it is being started again.",
        pt="O motor usava memória demais; ele está sendo reiniciado.",
    ),
    "host_down": Phrase(
        en="The engine stopped; it is being started again.", pt="O motor parou; ele está sendo reiniciado."
    ),
    "host_up": Phrase(en="The engine is back; connecting again.", pt="O motor voltou; conectando de novo."),
    "engine_stopped": Phrase(en="The engine ended the session{detail}.", pt="O motor encerrou a sessão{detail}."),
    "engine_panic": Phrase(
        en="The engine failed inside this session{detail}.", pt="O motor falhou dentro desta sessão{detail}."
    ),
    "session_closed": Phrase(en="The engine closed the session{detail}.", pt="O motor fechou a sessão{detail}."),
    "lease_expired": Phrase(
        en="Recado was silent for too long, so the engine closed the session.",
        pt="O Recado ficou em silêncio por tempo demais e o motor fechou a sessão.",
    ),
    "superseded": Phrase(en="Another Recado has taken this instance over.", pt="Outro Recado assumiu esta instância."),
    "storage_down": Phrase(
        en="The database is away. WhatsApp keeps the messages until it is back.",
        pt="O banco de dados está fora. O WhatsApp guarda as mensagens até ele voltar.",
    ),
    "app_state_wrong": Phrase(
        en="Names or chat settings that the phone has sent cannot be read{detail}. Recado tries again every hour.",
        pt="Nomes ou ajustes de conversas enviados pelo celular não podem ser lidos{detail}. "
        "O Recado tenta de novo a cada hora.",
    ),
    "recado_stopped": Phrase(
        en="Recado was stopped. It connects again when it starts.",
        pt="O Recado foi parado. Ele reconecta quando iniciar.",
    ),
}


def language_of(wanted: str) -> Language:
    """`pt` for any kind of Portuguese (`pt-BR`, an Accept-Language header that begins with it), else `en`."""
    return "pt" if wanted.strip().lower().startswith("pt") else "en"


def told(
    *, id: UUID, at: datetime, code: str, state: str | None, params: dict[str, Any], language: Language
) -> TimelineEntry:
    """A stored row as words; a code of another version is told as it is."""
    phrase = CATALOGUE.get(code, Phrase(en=code + "{detail}", pt=code + "{detail}"))
    action = ACTIONS[phrase.action] if phrase.action is not None else None
    return TimelineEntry(
        id=id,
        at=at,
        code=code,
        state=state,
        params=params,
        sentence=phrase.said(language, params),
        next_action=action.said(language, {}) if action is not None else None,
    )


def _detail(params: Mapping[str, Any]) -> str:
    """What the network said, without XML, and its number once."""
    code, text = str(params.get("code") or ""), str(params.get("text") or "")
    if text.startswith("<"):
        text = ""
    said = [text] if code and text.startswith(code) else [code, text]
    said = [word for word in (*said, str(params.get("error") or "")) if word]
    return f" ({': '.join(said)})" if said else ""

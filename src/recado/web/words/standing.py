"""How an instance stands: a word for each state, a sentence where the timeline has none, and what to do next."""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, tuple[str, str]]] = {
    "label.starting": ("Connecting", "Conectando"),
    "label.awaiting_scan": ("Waiting for the phone", "Esperando o celular"),
    "label.pairing": ("Linking", "Vinculando"),
    "label.syncing": ("Catching up", "Atualizando"),
    "label.connected": ("Connected", "Conectada"),
    "label.degraded": ("Unsteady", "Instável"),
    "label.reconnecting": ("Reconnecting", "Reconectando"),
    "label.conflict": ("Opened elsewhere", "Aberta em outro lugar"),
    "label.blocked": ("Blocked", "Bloqueada"),
    "label.logged_out": ("Unlinked", "Desvinculada"),
    "label.failed": ("Failed", "Falhou"),
    "label.stopped": ("Stopped", "Parada"),
    "is.starting": ("Connecting to WhatsApp.", "Conectando ao WhatsApp."),
    "is.awaiting_scan": ("A code is waiting for the phone.", "Um código espera pelo celular."),
    "is.pairing": (
        "The phone has agreed; the first login follows.",
        "O celular aceitou; o primeiro acesso vem em seguida.",
    ),
    "is.syncing": (
        "Logged in; what WhatsApp kept meanwhile is coming.",
        "Acesso feito; o que o WhatsApp guardou está chegando.",
    ),
    "is.connected": ("Messages come and go.", "As mensagens chegam e saem."),
    "is.degraded": ("WhatsApp answers slowly.", "O WhatsApp está respondendo devagar."),
    "is.reconnecting": ("The connection was lost.", "A conexão caiu."),
    "is.conflict": (
        "The same linked device was opened elsewhere.",
        "O mesmo dispositivo conectado foi aberto em outro lugar.",
    ),
    "is.blocked": ("WhatsApp does not let this number in for now.", "O WhatsApp não aceita este número por enquanto."),
    "is.logged_out": ("No phone is linked.", "Nenhum celular está vinculado."),
    "is.failed": ("It could not be linked.", "Não foi possível vincular."),
    "is.stopped": ("It does not run.", "Ela não está rodando."),
    "is.new": ("No phone is linked yet.", "Nenhum celular foi vinculado ainda."),
    "why.time_lock": (
        "WhatsApp lets this number start no new chats for now. Other chats go on.",
        "Por enquanto o WhatsApp não deixa este número iniciar conversas novas. As outras continuam.",
    ),
    "why.new_chats_refused": (
        "WhatsApp refused a new chat. Messages to people who have never written wait; other chats go on.",
        "O WhatsApp recusou uma conversa nova. Mensagens para quem nunca escreveu esperam; as outras continuam.",
    ),
    "why.phone_offline": (
        "The phone has given no sign of life for more than 10 days. After about 14 WhatsApp unlinks this device.",
        "O celular não dá sinal de vida há mais de 10 dias. Depois de uns 14, o WhatsApp desconecta este dispositivo.",
    ),
    "why.phone_unlinks_soon": (
        "The phone has given no sign of life for more than 12 days: WhatsApp is about to unlink this device.",
        "O celular não dá sinal de vida há mais de 12 dias: o WhatsApp está prestes a desconectar este dispositivo.",
    ),
    "why.nothing_heard": (
        "WhatsApp answers, but nothing had come for a long time; connecting anew to make sure.",
        "O WhatsApp responde, mas nada chegava havia muito tempo; reconectando para ter certeza.",
    ),
    "advice.close_other_session": (
        "Close the other program that uses this same linked device, else they take it from each other.",
        "Feche o outro programa que usa este mesmo dispositivo conectado, senão um toma o lugar do outro.",
    ),
    "advice.wait_for_ban": (
        "Wait until the ban ends, and send less when it does. Recado tries again by itself.",
        "Espere o bloqueio acabar e, depois dele, envie menos. O Recado tenta de novo sozinho.",
    ),
    "advice.write_to_known": (
        "Write only to people who have written to this number. What waits goes by itself.",
        "Escreva só para quem já escreveu para este número. O que espera vai sozinho.",
    ),
    "advice.open_phone": (
        "Open WhatsApp on the phone while it is online.",
        "Abra o WhatsApp no celular, com internet.",
    ),
    "advice.update_recado": (
        "Update Recado: WhatsApp refuses this version.",
        "Atualize o Recado: o WhatsApp recusa esta versão.",
    ),
    "do.show_code": ("Show the code", "Mostrar o código"),
    "do.link": ("Link a phone", "Vincular um celular"),
    "do.link_again": ("Link the phone again", "Vincular o celular de novo"),
    "do.new_code": ("Show a new code", "Mostrar um código novo"),
    "do.start": ("Start", "Iniciar"),
    "do.try_now": ("Try now", "Tentar agora"),
    "do.take_back": ("Take it back now", "Retomar agora"),
    "next_try": ("Next attempt in", "Próxima tentativa em"),
    "attempt": ("attempt {number}", "tentativa {number}"),
    "until": ("until", "até"),
    "since": ("since", "desde"),
    "checked": ("checked", "verificada"),
}

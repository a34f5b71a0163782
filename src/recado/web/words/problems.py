"""What is said when something does not work: by the code of the error, where people at a page can meet it."""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, tuple[str, str]]] = {
    "title": ("That did not work", "Isso não funcionou"),
    "back": ("Back", "Voltar"),
    "home": ("To the start", "Ir para o início"),
    "not_found": ("There is no such page.", "Esta página não existe."),
    "not_found.hint": ("It may have been removed in the meantime.", "Ela pode ter sido removida nesse meio-tempo."),
    "internal": (
        "Recado failed to show this; its log says why.",
        "O Recado não conseguiu mostrar isto; o log diz por quê.",
    ),
    "internal.hint": (
        "Try again; if it stays so, report it with that log.",
        "Tente de novo; se continuar, relate com esse log.",
    ),
    "cross_site": (
        "This request came from another site, so it was not carried out.",
        "Este pedido veio de outro site, então não foi executado.",
    ),
    "cross_site.hint": ("Open Recado's own page and try there.", "Abra a página do próprio Recado e tente ali."),
    "missing_key": ("Sign in to see this.", "Entre para ver isto."),
    "signed_out": ("You are signed out.", "Sua sessão terminou."),
    "signed_out.hint": ("Sign in again.", "Entre de novo."),
    "unknown_key": ("This key is not known.", "Esta chave não é conhecida."),
    "unknown_key.hint": ("Check that it was copied whole.", "Confira se ela foi copiada inteira."),
    "expired_key": ("This key has expired.", "Esta chave expirou."),
    "expired_key.hint": ("Ask for a new one.", "Peça uma nova."),
    "revoked_key": ("This key was revoked.", "Esta chave foi revogada."),
    "revoked_key.hint": ("Ask for a new one.", "Peça uma nova."),
    "invalid_link": (
        "This link was used already, or its 15 minutes are over.",
        "Este link já foi usado, ou os 15 minutos dele acabaram.",
    ),
    "invalid_link.hint": (
        "`recado open` prints a new one; a key works as well.",
        "`recado open` mostra um novo; uma chave também serve.",
    ),
    "missing_scope": ("Your key does not allow this.", "Sua chave não permite isto."),
    "missing_scope.hint": (
        "Sign in with a key that has the scope it needs.",
        "Entre com uma chave que tenha a permissão.",
    ),
    "unknown_instance": ("There is no such instance (any more).", "Esta instância não existe (mais)."),
    "unknown_instance.hint": ("The list has those that there are.", "A lista mostra as que existem."),
    "sent_twice": (
        "This form had been sent already; nothing was done a second time.",
        "Este formulário já tinha sido enviado; nada foi feito pela segunda vez.",
    ),
    "unknown_webhook": ("There is no such webhook (any more).", "Este webhook não existe (mais)."),
    "unknown_webhook.hint": ("The list has those that there are.", "A lista mostra os que existem."),
    "unknown_key_id": ("There is no such key (any more).", "Esta chave não existe (mais)."),
    "unknown_key_id.hint": ("The list has those that there are.", "A lista mostra as que existem."),
    "unknown_event": ("The log has no such event (any more).", "O registro não tem (mais) este evento."),
    "unknown_event.hint": (
        "It keeps events for some days, then drops them.",
        "Ele guarda os eventos por alguns dias e depois os descarta.",
    ),
    "webhook_url_invalid": (
        "A webhook’s address starts with https:// or http:// and names a host.",
        "O endereço de um webhook começa com https:// ou http:// e traz um servidor.",
    ),
    "webhook_url_invalid.hint": (
        "For example https://example.com/hooks/recado",
        "Por exemplo, https://example.com/hooks/recado",
    ),
    "webhook_unresolved": ("The name {host} does not resolve.", "O nome {host} não foi encontrado no DNS."),
    "webhook_unresolved.hint": (
        "Check the spelling, or try again when the name exists.",
        "Confira a grafia, ou tente de novo quando o nome existir.",
    ),
    "webhook_address_refused": (
        "{host} leads to {address}, an address that is not public, so it is not called.",
        "{host} leva a {address}, um endereço que não é público, então ele não é chamado.",
    ),
    "webhook_address_refused.hint": (
        "Use a public address, or allow this one: {setting}={host}",
        "Use um endereço público, ou permita este: {setting}={host}",
    ),
    "webhook_of_instance": (
        "This webhook is the webhook address of its instance.",
        "Este webhook é o endereço de webhook da própria instância.",
    ),
    "webhook_of_instance.hint": (
        "Change or clear it in the instance’s settings.",
        "Mude ou apague nas configurações da instância.",
    ),
    "wrong_header": ("Such a header cannot be sent.", "Esse cabeçalho não pode ser enviado."),
    "wrong_header.most": (
        "A webhook has at most {most} headers of its own.",
        "Um webhook tem no máximo {most} cabeçalhos próprios.",
    ),
    "wrong_header.twice": (
        "The same header is given twice; its case makes no difference.",
        "O mesmo cabeçalho aparece duas vezes; maiúsculas e minúsculas não fazem diferença.",
    ),
    "wrong_header.name": ("“{header}” is no name for a header.", "“{header}” não é nome de cabeçalho."),
    "wrong_header.ours": ("The header {header} is set by Recado.", "O cabeçalho {header} é definido pelo Recado."),
    "wrong_header.connection": (
        "The header {header} belongs to the connection and cannot be sent along.",
        "O cabeçalho {header} pertence à conexão e não pode ser enviado junto.",
    ),
    "wrong_header.value": (
        "The value of {header} cannot be sent: Latin letters without line breaks, {longest} characters at most.",
        "O valor de {header} não pode ser enviado: letras latinas sem quebra de linha, no máximo {longest} caracteres.",
    ),
    "wrong_header.line": (
        "“{header}” is no header: write name, colon, value, one a line.",
        "“{header}” não é um cabeçalho: escreva nome, dois-pontos, valor, um por linha.",
    ),
    "no_event_types": ("Choose at least one kind of event.", "Escolha pelo menos um tipo de evento."),
    "unknown_event_type": ("There is no such kind of event.", "Este tipo de evento não existe."),
    "position_gone": (
        "The log no longer keeps what is that old.",
        "O registro não guarda mais o que é tão antigo.",
    ),
    "not_reached": (
        "The webhook has not come to this event yet; it will.",
        "O webhook ainda não chegou a este evento, mas vai chegar.",
    ),
    "wrong_span": ("The span ends before it begins.", "O período termina antes de começar."),
    "wrong_moment": ("Say from when on.", "Informe a partir de quando."),
    "wrong_moment.end": ("Say until when.", "Informe até quando."),
    "span_too_long": (
        "That span has more than {most} events, as many as can be delivered again out of turn.",
        "Esse período tem mais de {most} eventos, o máximo que pode ser entregue de novo fora de ordem.",
    ),
    "span_too_long.hint": (
        "Choose a shorter one, or deliver everything again from that moment on.",
        "Escolha um período menor, ou entregue tudo de novo a partir desse momento.",
    ),
    "ambiguous_replay": ("Choose what to deliver again.", "Escolha o que entregar de novo."),
    "wrong_key_name": ("A key’s name has 1 to 100 characters.", "O nome de uma chave tem de 1 a 100 caracteres."),
    "wrong_scopes": ("A key needs at least one permission.", "Uma chave precisa de pelo menos uma permissão."),
    "already_expired": (
        "The key would have expired before it began.",
        "A chave teria expirado antes de começar.",
    ),
    "wrong_date": ("Choose the day on which the key ends.", "Escolha o dia em que a chave termina."),
    "wrong_instance_name": ("That is no name for an instance.", "Esse não é um nome válido para uma instância."),
    "wrong_instance_name.hint": (
        "Small letters, digits, - and _, at most 63; the first one a letter or a digit.",
        "Letras minúsculas, números, - e _, no máximo 63; o primeiro deve ser letra ou número.",
    ),
    "instance_exists": ("There is an instance of that name already.", "Já existe uma instância com esse nome."),
    "instance_exists.hint": ("Choose another name.", "Escolha outro nome."),
    "key_is_bound": (
        "Your key belongs to one instance and cannot make others.",
        "Sua chave é de uma só instância e não pode criar outras.",
    ),
    "key_is_bound.hint": ("Sign in with a key for all.", "Entre com uma chave de todas."),
    "not_now_so": (
        "That does not apply any more: the instance has changed meanwhile.",
        "Isso não se aplica mais: a instância mudou nesse meio-tempo.",
    ),
    "not_now_so.hint": ("The page shows how it is now.", "A página mostra como ela está agora."),
    "name_differs": (
        "That is not the name of this instance; nothing was removed.",
        "Esse não é o nome desta instância; nada foi removido.",
    ),
    "name_differs.hint": ("Type it as it is written.", "Digite exatamente como está escrito."),
    "wrong_owner_id": ("An owner is a UUID.", "O dono é um UUID."),
    "wrong_owner_id.hint": ("Copy it whole.", "Copie por inteiro."),
    "wrong_phone": (
        "That is no phone number with a country code.",
        "Esse não é um número de telefone com código do país.",
    ),
    "wrong_phone.hint": ("For example +55 11 99999-0000.", "Por exemplo, +55 11 99999-0000."),
    "phone_refused": (
        "WhatsApp gives no code to that number.",
        "O WhatsApp não dá um código para esse número.",
    ),
    "phone_refused.hint": (
        "Type it with its country code, as the phone itself has it.",
        "Digite com o código do país, como está no próprio celular.",
    ),
    "too_many_codes": (
        "WhatsApp gives no more codes to this phone for now.",
        "O WhatsApp não dá mais códigos para este celular por enquanto.",
    ),
    "too_many_codes.hint": ("Wait some minutes, or scan the QR code.", "Espere alguns minutos, ou leia o código QR."),
    "already_paired": ("It is linked to a phone already.", "Ela já está vinculada a um celular."),
    "already_paired.hint": (
        "Log it out first to link another one.",
        "Desconecte primeiro para vincular outro.",
    ),
    "moved": (
        "It moved to another database; here it starts no more.",
        "Ela foi movida para outro banco; aqui ela não inicia mais.",
    ),
    "moved.hint": (
        "Move it back with `recado db restore`, or remove it here.",
        "Traga de volta com `recado db restore`, ou remova aqui.",
    ),
    "instance_not_answering": (
        "The Recado that looks after this instance does not answer; nothing was done.",
        "O Recado que cuida desta instância não responde; nada foi feito.",
    ),
    "instance_not_answering.hint": ("Look how it is now, and try again.", "Veja como ela está agora e tente de novo."),
    "outcome_unknown": (
        "It was begun and nobody said how it ended; it may have been done.",
        "Isso foi começado e ninguém disse como terminou; pode ter sido feito.",
    ),
    "outcome_unknown.hint": (
        "Look how it is now before you try again.",
        "Veja como está agora antes de tentar de novo.",
    ),
    "database_unavailable": ("The database does not answer.", "O banco de dados não responde."),
    "database_unavailable.hint": ("Recado keeps trying. Try again.", "O Recado continua tentando. Tente de novo."),
    "database_busy": (
        "The database gave up this work for another.",
        "O banco de dados largou este trabalho por outro.",
    ),
    "database_busy.hint": ("Try again.", "Tente de novo."),
    "write_swallowed": (
        "The database has taken the change and kept nothing of it.",
        "O banco de dados aceitou a mudança e não guardou nada dela.",
    ),
    "write_swallowed.hint": (
        "A trigger or a rule on public.whatsapp_instances swallows it.",
        "Um gatilho ou uma regra em public.whatsapp_instances a engole.",
    ),
    "engine_host_down": ("The engine is away for a moment.", "O motor está fora por um momento."),
    "engine_host_down.hint": ("Try again in some seconds.", "Tente de novo em alguns segundos."),
    "engine_timeout": ("WhatsApp did not answer in time.", "O WhatsApp não respondeu a tempo."),
    "engine_timeout.hint": ("Try again in some seconds.", "Tente de novo em alguns segundos."),
    "engine_not_connected": ("It is not connected to WhatsApp yet.", "Ela ainda não está conectada ao WhatsApp."),
    "engine_not_connected.hint": ("Try again in some seconds.", "Tente de novo em alguns segundos."),
    "message_sending": (
        "The message is being sent, or may have gone out already; it cannot be taken back.",
        "A mensagem está sendo enviada, ou já pode ter saído; não dá para cancelar.",
    ),
    "message_sending.hint": (
        "Look again in some seconds what has become of it.",
        "Veja de novo em alguns segundos o que foi feito dela.",
    ),
    "not_cancellable": (
        "Only a message that still waits can be cancelled.",
        "Só dá para cancelar uma mensagem que ainda espera.",
    ),
}

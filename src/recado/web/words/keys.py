"""What the page of the keys says."""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, tuple[str, str]]] = {
    "lead": (
        "A key lets a program, or a person at these pages, do what its permissions say.",
        "Uma chave permite que um programa, ou alguém nestas páginas, faça o que as permissões dela dizem.",
    ),
    "new": ("New key", "Nova chave"),
    "name": ("Name", "Nome"),
    "name_help": ("Who or what uses it: “n8n”, “front desk”.", "Quem ou o que vai usá-la: “n8n”, “recepção”."),
    "scopes": ("Permissions", "Permissões"),
    "scope.admin": ("Everything", "Tudo"),
    "scope.admin.help": (
        "All of the below, and keys as well. Signs in to all pages.",
        "Tudo o que está abaixo, e também as chaves. Entra em todas as páginas.",
    ),
    "scope.instances:read": ("See instances", "Ver instâncias"),
    "scope.instances:read.help": (
        "Their state, the QR code and what has happened to them.",
        "O estado delas, o QR code e o que aconteceu com elas.",
    ),
    "scope.instances:write": ("Manage instances", "Gerenciar instâncias"),
    "scope.instances:write.help": (
        "Create, pair, start, stop, log out and remove them.",
        "Criar, parear, iniciar, parar, desconectar e remover.",
    ),
    "scope.messages:read": ("Read messages", "Ler mensagens"),
    "scope.messages:read.help": ("Conversations, contacts and groups.", "Conversas, contatos e grupos."),
    "scope.messages:send": ("Send messages", "Enviar mensagens"),
    "scope.messages:send.help": (
        "Write to people and groups, mark as read.",
        "Escrever para pessoas e grupos, marcar como lida.",
    ),
    "scope.webhooks": ("Webhooks", "Webhooks"),
    "scope.webhooks.help": (
        "See, create, change and remove them, deliver again.",
        "Ver, criar, mudar e remover, entregar de novo.",
    ),
    "scope.events": ("Events", "Eventos"),
    "scope.events.help": (
        "Follow all that happens, messages included.",
        "Acompanhar tudo o que acontece, inclusive as mensagens.",
    ),
    "instance": ("Instance", "Instância"),
    "all_instances": ("All instances", "Todas as instâncias"),
    "instance_help": ("Bound to one, it sees nothing of the others.", "Presa a uma, não vê nada das outras."),
    "expires": ("Expires", "Expira"),
    "expires.never": ("Never", "Nunca"),
    "expires.days.one": ("In {n} day", "Em {n} dia"),
    "expires.days.other": ("In {n} days", "Em {n} dias"),
    "expires.date": ("On a day…", "Em uma data…"),
    "expires_on": ("Expires on", "Expira em"),
    "create": ("Create key", "Criar chave"),
    "made": ("The key “{name}” is made.", "A chave “{name}” foi criada."),
    "copy_now": (
        "Copy it now: it is kept only as a hash and is never shown again.",
        "Copie agora: só guardamos um hash dela, e ela nunca mais será mostrada.",
    ),
    "how_to_use": (
        "Programs send it with each request; people sign in with it.",
        "Programas a enviam em cada requisição; pessoas entram com ela.",
    ),
    "done": ("I have copied it", "Já copiei"),
    "list": ("Keys", "Chaves"),
    "yours": ("You are signed in with this one", "Você entrou com esta"),
    "used": ("Last used", "Último uso"),
    "unused": ("Never used", "Nunca usada"),
    "created": ("Created", "Criada"),
    "expired": ("Expired", "Expirada"),
    "revoke": ("Revoke", "Revogar"),
    "revoke_named": ("Revoke {name}", "Revogar {name}"),
    "revoke_title": ("Revoke “{name}”?", "Revogar “{name}”?"),
    "revoke_text": (
        "Whoever uses it is shut out at once, and this cannot be undone.",
        "Quem a usa perde o acesso na hora, e isso não pode ser desfeito.",
    ),
    "revoke_own": (
        "You are signed in with this key: you will be signed out.",
        "Você entrou com esta chave: você vai sair.",
    ),
    "revoke_last": (
        "It is the last key that may do everything. Recado makes a new one at its next start and prints it there.",
        "É a última chave que pode tudo. O Recado cria outra na próxima inicialização e a mostra no terminal.",
    ),
    "revoke_environment": (
        "It comes from RECADO_ADMIN_KEY: it is back at the next start as long as that setting stands.",
        "Ela vem de RECADO_ADMIN_KEY: volta na próxima inicialização enquanto essa configuração existir.",
    ),
    "revoked": ("The key “{name}” is revoked.", "A chave “{name}” foi revogada."),
    "empty": ("There is no key yet", "Ainda não há chaves"),
}

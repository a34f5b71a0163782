"""What people look up: chats, contacts, groups, messages, events, figures. Nothing is written here."""

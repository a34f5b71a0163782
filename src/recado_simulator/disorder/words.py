"""What people are called and what they say, in an untidy history."""

from __future__ import annotations

from random import Random

FIRST = (
    "Ana", "André", "Beatriz", "Caio", "Cecília", "Conceição", "Davi", "Érica", "Fábio", "Flávia", "Gonçalo", "Helô",
    "Inês", "Ítalo", "João", "José", "Júlia", "Lúcia", "Luís", "Márcia", "Maria", "Mônica", "Nádia", "Noemi", "Otávio",
    "Patrícia", "Raí", "Renê", "Sônia", "Tânia", "Thaís", "Ulisses", "Vânia", "Víctor", "Zé", "Zuleica",
)  # fmt: skip
LAST = (
    "Albuquerque", "Araújo", "Barão", "Brandão", "Câmara", "Corrêa", "Conceição", "da Silva", "de Sá", "dos Anjos",
    "Falcão", "Gusmão", "Leão", "Magalhães", "Mendonça", "Müller", "Nuñez", "O'Hara", "Pão de Açúcar", "Quirós",
    "Rondônia", "São João", "Simões", "Távora", "Vicência", "Ximenes", "🌻", "🍕 Pizzaria", "(trabalho)", "Jr.",
)  # fmt: skip
GROUPS = (
    "Família", "Equipe de vendas", "Condomínio Jardim América", "Futebol de quinta ⚽", "Pais da 3ª série",
    "Churrasco 🥩🍻", "Projeto Ação & Reação", "Vizinhos", "Promoções", "Coração de Mãe ❤️",
)  # fmt: skip
BEGINNINGS = (
    "Bom dia!", "Boa tarde 😊", "Oi, tudo bem?", "Não consegui ligar.", "Então,", "Olha só:", "Amanhã não dá,", "👍🏽",
    "Good morning,", "Sorry for the delay,", "Você já viu?", "Ótimo!", "Atenção:", "kkkkk", "Meu coração ❤️",
    "São Paulo,", "A reunião é às 15h.", "Segue o endereço:", "Please confirm,", "Até já,", "É isso aí!", "Obrigado 🙏",
    "Parabéns 🎉",
)  # fmt: skip
ENDINGS = (
    "o pedido chegou", "a entrega atrasou", "me manda a nota fiscal", "posso passar aí amanhã?", "a ação foi aprovada",
    "the order has been shipped", "we are closed on Sunday", "qual é o preço?", "fica R$ 129,90", "não esquece o pão",
    "ligo mais tarde", "já paguei o boleto", "confirmado para sexta", "preciso de duas caixas", "o código é inválido",
    "adorei as fotos 😍", "isso é ótimo 👏👏", "a mãe está melhor", "vou de ônibus", "chegamos às três da manhã 🚌",
    "pode cancelar", "the invoice is attached", "até amanhã 👋", "linha 1\nlinha 2",
)  # fmt: skip


def person_name(source: Random) -> str:
    return f"{source.choice(FIRST)} {source.choice(LAST)}"


def sentence(source: Random) -> str:
    """Something that people write; one in eight names a number that hardly another one names."""
    said = f"{source.choice(BEGINNINGS)} {source.choice(ENDINGS)}"
    return said if source.random() > 1 / 8 else f"{said}, pedido {source.randrange(10**6):06}"

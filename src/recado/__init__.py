"""Recado runs any number of WhatsApp numbers: one API, one database that tells the truth, nothing lost."""

"""The sections of --help: what options are about."""

from __future__ import annotations

from typing import Final

DATA: Final = "Data"
SEARCH: Final = "Search"
ANSATZ: Final = "Ansatz, a formula of your own"
TABLES: Final = "Tables"
QUESTIONS: Final = "Questions to the law"
CURVES: Final = "Curves"
MOTION: Final = "Motion"
OUTPUT: Final = "Server and output"
OTHERS: Final = "Other options"
IN_ORDER: Final = (DATA, QUESTIONS, SEARCH, ANSATZ, TABLES, CURVES, MOTION, OUTPUT, OTHERS)

"""The estate file: what to scan and by whose rules. Read strictly, with line numbers; it holds no secret."""

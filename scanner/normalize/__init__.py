"""Stage 2: from observations to rows of the fact tables. Pure: no clock, no network, no chance."""

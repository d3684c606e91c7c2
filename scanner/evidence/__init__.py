"""The evidence log: what was asked and answered, written as it arrives, in a form that can be checked by hand."""

"""LTI 1.3: who asks, from where, in which role. Knows no district's data, no Q, no grades."""

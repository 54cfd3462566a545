"""Story → exposure → problem → remediation → outcome: the case, its lifecycle, its evidence.

``case`` says what is known of a problem and how each event changes it; ``lifecycle`` who may do what, when, with which proof;
``independence`` who may not verify; ``service`` writes it down.
"""

"""Story → exposure → problem → remediation → outcome: the case, its lifecycle, its evidence.

``case`` says what is known of a problem, ``folding`` how each event changes it; ``steps`` who may do what, when, with which
proof, ``lifecycle`` what comes of it, ``independence`` who may not verify; ``service`` has the use cases, ``casebook`` writes
them down.
"""

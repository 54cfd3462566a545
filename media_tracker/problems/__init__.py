"""Story → exposure → problem → remediation → outcome: the case, its lifecycle, its evidence.

In this folder the case itself: ``case`` says what is known of a problem, ``folding`` how each event changes it; ``steps`` who may
do what, when, with which proof, ``lifecycle`` what comes of it, ``independence`` who may not verify; ``service`` has the use
cases, ``casebook`` writes them down. Beside it, each in a folder::

    lists/        lists that offices keep, imported        linking/      which stories and problems belong together
    clocks/       limits: rules, table, editions           answers/      a unit's drafts, its own review, errands by link
    evidence/     photos and documents of each round       afterwards/   look-backs, re-visits, satisfaction
    objections/   of those who were exposed                regrouping/   two problems that are one, one that is two
    finding/      lists, filters, search, saved views, and one step for many problems
"""

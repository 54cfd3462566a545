"""Lists of problems (问题清单) that offices keep in sheets: read, compared with what is known, brought in all or nothing.

``sheet`` reads (with ``words``, ``dates``, ``names`` and ``cells``, into ``row``), ``events`` says what a row leads to,
``importing`` stages and moves.
"""

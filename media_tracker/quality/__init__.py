"""How good the machine is: each task measured on labelled data, beside a simple baseline, by cross-validation.

One module per task; each has ``measure(data)``, which reads the files that it needs below ``data`` and gives rows of one table
(none where its files are missing). Labels are looked at to train and to judge, never both of the same item.
"""

"""Papers that leave the house: the order that hands a problem to a unit (交办单), and the dossier of a problem (案卷)."""

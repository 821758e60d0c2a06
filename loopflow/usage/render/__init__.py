"""What the ledger says, in the forms it is read in."""

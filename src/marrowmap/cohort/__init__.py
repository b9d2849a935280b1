"""Tables, figures, survival and agreement as pure functions of frozen extracts."""

"""Pure judgement: cross-sections from the panel, scores, grades, explanations."""

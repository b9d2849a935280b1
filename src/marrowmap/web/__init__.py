"""The pages and their JSON twins. Thin: access rules in one place, everything else below."""

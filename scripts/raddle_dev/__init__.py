"""The developer's tools behind `./dev`; only the standard library is used."""

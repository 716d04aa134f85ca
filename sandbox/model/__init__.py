"""The language model of the sandbox: it fills answers with verbatim pieces of the evidence it is given."""

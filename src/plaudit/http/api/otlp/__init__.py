"""Messages that an application registers without a line of code: by the spans that it exports over OTLP/HTTP anyway."""

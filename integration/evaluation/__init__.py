"""Before a conversion: what Q holds beside what Canvas holds, record by record. Writes nothing."""

-- The numbers of any rows, one after another as they lie in memory, for arrays of many.
-- params   rows: a question; names: its columns; numbers: float8send of each, NaN where there is none, joined by ||
-- returns  one row: bytes, 8 a number, the most significant first; none when there are no rows
-- order    that of the question: an aggregate reads a sorted subquery as it comes
SELECT string_agg({numbers}, ''::bytea) FROM ({rows}) AS kp_rows ({names})

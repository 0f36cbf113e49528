-- The numbers of any rows as they lie in memory, for arrays of many.
-- params   rows: a question; names: its columns; columns: each as float8, NaN where there is none
-- returns  COPY in binary: rows of equal length
-- source   PostgreSQL manual, COPY, binary format
COPY (SELECT {columns} FROM ({rows}) AS kp_rows ({names})) TO STDOUT (FORMAT BINARY)

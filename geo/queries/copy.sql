-- The rows of a layer as one long CSV, in the order of their keys: read by Arrow, a million in some seconds.
-- params   rows: a question that gives the columns of shown; shown: names, kp_key first, each cast to what it is told as
-- returns  lines of CSV by COPY; nothing between two commas is no value, "" an empty text
COPY (SELECT {shown} FROM ({rows}) AS kp_rows ORDER BY kp_rows.kp_key) TO STDOUT (FORMAT csv)

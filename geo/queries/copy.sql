-- The rows of a layer as one long CSV, in the order of their keys: read by Arrow, a million in some seconds.
-- params   rows: a question that gives kp_key and the columns of shown; shown: names, each cast to what it is told as
-- returns  lines of CSV by COPY; nothing between two commas is no value, "" an empty text
COPY (SELECT kp_key, {shown} FROM ({rows}) AS kp_rows ORDER BY kp_key) TO STDOUT (FORMAT csv)

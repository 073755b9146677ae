-- Rows that follow one another and were known already share one answer: of an extract that says what the last one said
-- there is one, however long it is. NULL: the answer is to `row` alone.
ALTER TABLE file_row ADD COLUMN last integer CHECK (last >= row);

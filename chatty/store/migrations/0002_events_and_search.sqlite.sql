-- Events are read by key ranges only, so their key is the table.
CREATE TABLE events (
  workspace_id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  seq BIGINT NOT NULL CHECK (seq >= 1),
  type TEXT NOT NULL,
  actor TEXT,
  at BIGINT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (workspace_id, conversation_id, seq),
  FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id)
) WITHOUT ROWID;

-- The id is made from the message's time (see search.py): newest first is its order, a date is a bound on it.
CREATE TABLE message_search (
  id INTEGER PRIMARY KEY,
  workspace_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  project_id TEXT,
  author_id TEXT,
  role TEXT NOT NULL,
  model TEXT,
  at BIGINT NOT NULL,
  UNIQUE (workspace_id, message_id)
);
CREATE INDEX message_search_conversation ON message_search (workspace_id, conversation_id);

CREATE VIEW message_search_text AS
  SELECT s.id AS id,
    (SELECT group_concat(text, char(10)) FROM (
      SELECT p.text FROM message_parts p
      WHERE p.workspace_id = s.workspace_id AND p.message_id = s.message_id AND p.type = 'text'
      ORDER BY p.idx)) AS text,
    char(57344) || 'c' || replace(s.conversation_id, '-', '')
      || COALESCE(' ' || char(57344) || 'p' || replace(s.project_id, '-', ''), '')
      || ' ' || char(57344) || 'r' || s.role
      || COALESCE(' ' || char(57344) || 'm' || hex(s.model), '') AS scope
  FROM message_search s;

-- U+E000 begins the tokens of the scope column, so no word anybody types can meet them.
-- columnsize=0: nothing is ranked by length; prefix: three letters are enough to find by.
CREATE VIRTUAL TABLE message_fts USING fts5 (
  text, scope,
  content = 'message_search_text', content_rowid = 'id', columnsize = 0, prefix = '3',
  tokenize = "unicode61 remove_diacritics 2 tokenchars ''"
);

CREATE TABLE name_search (
  id INTEGER PRIMARY KEY,
  workspace_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  ref_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  text TEXT NOT NULL,
  UNIQUE (workspace_id, kind, ref_id)
);

CREATE VIRTUAL TABLE name_fts USING fts5 (
  text,
  content = 'name_search', content_rowid = 'id', columnsize = 0, prefix = '3',
  tokenize = "unicode61 remove_diacritics 2 tokenchars ''"
);

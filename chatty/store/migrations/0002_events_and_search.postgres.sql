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
);

-- The id is made from the message's time (see search.py): newest first is its order, a date is a bound on it.
CREATE TABLE message_search (
  id BIGINT PRIMARY KEY,
  workspace_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  project_id TEXT,
  author_id TEXT,
  role TEXT NOT NULL,
  model TEXT,
  at BIGINT NOT NULL,
  tsv TSVECTOR NOT NULL,
  UNIQUE (workspace_id, message_id)
);
CREATE INDEX message_search_conversation ON message_search (workspace_id, conversation_id, id DESC);
CREATE INDEX message_search_project ON message_search (workspace_id, project_id, id DESC);
CREATE INDEX message_search_tsv ON message_search USING gin (tsv);

CREATE TABLE name_search (
  id BIGINT PRIMARY KEY,
  workspace_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  ref_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  text TEXT NOT NULL,
  tsv TSVECTOR NOT NULL,
  UNIQUE (workspace_id, kind, ref_id)
);
CREATE INDEX name_search_tsv ON name_search USING gin (tsv);

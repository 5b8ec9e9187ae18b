-- The schema as it is today; a new database is made from this file. The migrations lead to the same.

-- Every tenant row has workspace_id, and it leads the primary key and every index.
-- Types are only TEXT, BIGINT, DOUBLE PRECISION, SMALLINT; ids are UUIDv7 text, times milliseconds UTC, JSON is text.

CREATE TABLE instance (
  id SMALLINT PRIMARY KEY CHECK (id = 1),
  history_id TEXT NOT NULL,
  schema_version BIGINT NOT NULL,
  min_reader BIGINT NOT NULL,
  min_writer BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE users (
  id TEXT PRIMARY KEY,
  email TEXT,
  name TEXT NOT NULL,
  status TEXT NOT NULL,
  settings TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL
);
CREATE UNIQUE INDEX users_email ON users (lower(email));

CREATE TABLE workspaces (
  id TEXT PRIMARY KEY,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  settings TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL
);

CREATE TABLE projects (
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  instructions TEXT,
  default_model TEXT,
  params TEXT,
  archived_at BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  deleted_at BIGINT,
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX projects_name ON projects (workspace_id, name) WHERE deleted_at IS NULL;
CREATE INDEX projects_updated ON projects (workspace_id, updated_at, id);

CREATE TABLE prompts (
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  id TEXT NOT NULL,
  project_id TEXT,
  name TEXT NOT NULL,
  title TEXT NOT NULL,
  tags TEXT,
  latest_version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  deleted_at BIGINT,
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX prompts_name ON prompts (workspace_id, COALESCE(project_id, ''), name) WHERE deleted_at IS NULL;
CREATE INDEX prompts_updated ON prompts (workspace_id, updated_at, id);

CREATE TABLE prompt_versions (
  workspace_id TEXT NOT NULL,
  prompt_id TEXT NOT NULL,
  n BIGINT NOT NULL CHECK (n >= 1),
  body TEXT NOT NULL,
  variables TEXT,
  author_id TEXT,
  note TEXT,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, prompt_id, n),
  FOREIGN KEY (workspace_id, prompt_id) REFERENCES prompts (workspace_id, id)
);

CREATE TABLE conversations (
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  id TEXT NOT NULL,
  project_id TEXT,
  owner_id TEXT,
  title TEXT NOT NULL,
  title_source TEXT NOT NULL CHECK (title_source IN ('none', 'auto', 'user')),
  visibility TEXT NOT NULL CHECK (visibility IN ('private', 'project', 'workspace')),
  origin TEXT NOT NULL CHECK (origin IN ('tui', 'script', 'import', 'api')),
  model TEXT,
  params TEXT,
  system_prompt_ref TEXT,
  head_seq BIGINT NOT NULL,
  floor_seq BIGINT NOT NULL,
  message_seq BIGINT NOT NULL,
  message_count BIGINT NOT NULL,
  last_message_at BIGINT NOT NULL,
  archived_at BIGINT,
  forked_from_conversation_id TEXT,
  forked_from_message_id TEXT,
  payload_hash TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  deleted_at BIGINT,
  purged_at BIGINT,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX conversations_activity ON conversations (workspace_id, last_message_at DESC, id DESC)
  WHERE deleted_at IS NULL AND archived_at IS NULL;
CREATE INDEX conversations_project ON conversations (workspace_id, project_id, last_message_at DESC, id DESC)
  WHERE deleted_at IS NULL;
CREATE INDEX conversations_updated ON conversations (workspace_id, updated_at, id);

CREATE TABLE conversation_members (
  workspace_id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  role TEXT,
  leaf_message_id TEXT,
  read_seq BIGINT NOT NULL,
  muted SMALLINT NOT NULL,
  pinned_at BIGINT,
  PRIMARY KEY (workspace_id, conversation_id, user_id),
  FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id)
);

CREATE TABLE messages (
  workspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  parent_id TEXT,
  created_seq BIGINT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('user', 'assistant', 'system', 'tool')),
  author_id TEXT,
  run_id TEXT,
  status TEXT NOT NULL
    CHECK (status IN ('pending', 'streaming', 'completed', 'cancelled', 'interrupted', 'failed')),
  model TEXT,
  provider TEXT,
  finish_reason TEXT,
  input_tokens BIGINT,
  output_tokens BIGINT,
  error TEXT,
  provider_meta TEXT,
  edited_from_id TEXT,
  payload_hash TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  deleted_at BIGINT,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id)
);
CREATE UNIQUE INDEX messages_order ON messages (workspace_id, conversation_id, created_seq);
CREATE INDEX messages_siblings ON messages (workspace_id, conversation_id, parent_id);

CREATE TABLE message_parts (
  workspace_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  idx BIGINT NOT NULL CHECK (idx >= 0),
  type TEXT NOT NULL,
  text TEXT,
  data TEXT,
  file_id TEXT,
  status TEXT NOT NULL CHECK (status IN ('open', 'completed')),
  g BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, message_id, idx),
  FOREIGN KEY (workspace_id, message_id) REFERENCES messages (workspace_id, id)
);

CREATE TABLE runs (
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  conversation_id TEXT,
  message_id TEXT,
  parent_id TEXT,
  requested_by TEXT,
  status TEXT NOT NULL CHECK (status IN
    ('queued', 'running', 'waiting', 'cancelling', 'completed', 'cancelled', 'failed', 'interrupted')),
  model TEXT,
  provider TEXT,
  params TEXT,
  owner TEXT,
  fence BIGINT NOT NULL,
  lease_until BIGINT,
  cancel_requested_at BIGINT,
  cancel_by TEXT,
  started_at BIGINT,
  first_delta_at BIGINT,
  finished_at BIGINT,
  attempt BIGINT NOT NULL,
  error TEXT,
  provider_request_id TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX runs_one_per_parent ON runs (workspace_id, conversation_id, parent_id)
  WHERE status IN ('queued', 'running', 'waiting', 'cancelling');
CREATE INDEX runs_active ON runs (status)
  WHERE status IN ('queued', 'running', 'waiting', 'cancelling');
CREATE INDEX runs_conversation ON runs (workspace_id, conversation_id);

CREATE TABLE run_text (
  workspace_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  part_idx BIGINT NOT NULL,
  g BIGINT NOT NULL,
  "offset" BIGINT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (workspace_id, run_id, part_idx, g, "offset"),
  FOREIGN KEY (workspace_id, run_id) REFERENCES runs (workspace_id, id)
);

CREATE TABLE usage_records (
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  user_id TEXT,
  project_id TEXT,
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  input_tokens BIGINT NOT NULL,
  cached_input_tokens BIGINT NOT NULL,
  output_tokens BIGINT NOT NULL,
  reasoning_tokens BIGINT NOT NULL,
  cost_micros BIGINT,
  currency TEXT NOT NULL,
  estimated SMALLINT NOT NULL,
  latency_ms BIGINT,
  ttft_ms BIGINT,
  at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX usage_records_run ON usage_records (workspace_id, run_id);
CREATE INDEX usage_records_at ON usage_records (workspace_id, at);

CREATE TABLE provider_endpoints (
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  base_url TEXT,
  default_model TEXT,
  meta TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, name)
);

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

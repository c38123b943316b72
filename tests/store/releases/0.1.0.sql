-- A database of Plaudit 0.1.0: four guests, two messages each, twenty votes. Made by its server and dumped with
-- `python -m apsw plaudit.db .dump`. Never changed: it stands for those that are out there.
-- The guests' ids are hashed under the pepper `pepper-of-the-release-0.1.0-which-opens-nothing`.

-- The values of various per-database settings
PRAGMA page_size=2048;
-- PRAGMA encoding='UTF-8';
-- PRAGMA auto_vacuum=NONE;
-- PRAGMA max_page_count=4294967294;

BEGIN TRANSACTION;

-- Table  conversations
DROP TABLE IF EXISTS conversations;
CREATE TABLE conversations (
    project_id      TEXT    NOT NULL,
    conversation_id TEXT    NOT NULL,
    owner           TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,  -- its newest message's created_at
    title           TEXT,
    PRIMARY KEY (project_id, conversation_id)
) STRICT, WITHOUT ROWID;
INSERT INTO conversations VALUES('acme','c-000000000000000000000000','guest:36facc19346e070b9071217aa8fc8838e5aadce10c6ef60769d92a98e247faa9',1795327666601,1795327666601,NULL);
INSERT INTO conversations VALUES('acme','c-000000000000000000000001','guest:36facc19346e070b9071217aa8fc8838e5aadce10c6ef60769d92a98e247faa9',1795327666601,1795327666601,NULL);
INSERT INTO conversations VALUES('acme','c-000000000001000000000000','guest:838b5d9c804f72869f2ac281d74fdc7f9191545a4dc8abb7994d872eaa643bfc',1795327666601,1795327666601,NULL);
INSERT INTO conversations VALUES('acme','c-000000000001000000000001','guest:838b5d9c804f72869f2ac281d74fdc7f9191545a4dc8abb7994d872eaa643bfc',1795327666601,1795327666601,NULL);
INSERT INTO conversations VALUES('acme','c-000000000002000000000000','guest:b44409353e98548e5691428caf39c6989bbdfe5d4caa0841a5b11325dbe5a979',1795327666601,1795327666601,NULL);
INSERT INTO conversations VALUES('acme','c-000000000002000000000001','guest:b44409353e98548e5691428caf39c6989bbdfe5d4caa0841a5b11325dbe5a979',1795327666601,1795327666601,NULL);
INSERT INTO conversations VALUES('acme','c-000000000003000000000000','guest:0a68bde491e5f19622af12c8be4ba0b498ffd2dd64ac35799ad105a2286dcf80',1795327666601,1795327666601,NULL);
INSERT INTO conversations VALUES('acme','c-000000000003000000000001','guest:0a68bde491e5f19622af12c8be4ba0b498ffd2dd64ac35799ad105a2286dcf80',1795327666601,1795327666601,NULL);
-- Triggers and indices on  conversations
CREATE INDEX conversations_by_owner ON conversations (project_id, owner, created_at);

-- Table  feedback
DROP TABLE IF EXISTS feedback;
CREATE TABLE feedback (
    project_id TEXT    NOT NULL,
    message_id TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    vote       INTEGER CHECK (vote IN (1, -1)),  -- NULL after a removal: the row stays, so that revisions go on rising
    comment    TEXT,
    revision   INTEGER NOT NULL CHECK (revision > 0),
    contract   TEXT    NOT NULL,
    auth_level TEXT    NOT NULL,  -- how the voter was known
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL CHECK (updated_at >= created_at),
    seq        INTEGER NOT NULL,  -- its newest entry in history
    PRIMARY KEY (project_id, message_id, subject)
) STRICT, WITHOUT ROWID;
INSERT INTO feedback VALUES('acme','000000000000000000000000','guest:36facc19346e070b9071217aa8fc8838e5aadce10c6ef60769d92a98e247faa9',-1,'number 2',3,'handauncle','guest-bound',1795327666608,1795327666667,13);
INSERT INTO feedback VALUES('acme','000000000000000000000001','guest:36facc19346e070b9071217aa8fc8838e5aadce10c6ef60769d92a98e247faa9',-1,'number 1',2,'handauncle','guest-bound',1795327666637,1795327666668,14);
INSERT INTO feedback VALUES('acme','000000000001000000000000','guest:838b5d9c804f72869f2ac281d74fdc7f9191545a4dc8abb7994d872eaa643bfc',-1,'number 2',3,'handauncle','guest-bound',1795327666618,1795327666669,15);
INSERT INTO feedback VALUES('acme','000000000001000000000001','guest:838b5d9c804f72869f2ac281d74fdc7f9191545a4dc8abb7994d872eaa643bfc',-1,'number 1',2,'handauncle','guest-bound',1795327666646,1795327666670,16);
INSERT INTO feedback VALUES('acme','000000000002000000000000','guest:b44409353e98548e5691428caf39c6989bbdfe5d4caa0841a5b11325dbe5a979',-1,'number 2',3,'handauncle','guest-bound',1795327666619,1795327666674,17);
INSERT INTO feedback VALUES('acme','000000000002000000000001','guest:b44409353e98548e5691428caf39c6989bbdfe5d4caa0841a5b11325dbe5a979',-1,'number 1',2,'handauncle','guest-bound',1795327666658,1795327666675,18);
INSERT INTO feedback VALUES('acme','000000000003000000000000','guest:0a68bde491e5f19622af12c8be4ba0b498ffd2dd64ac35799ad105a2286dcf80',-1,'number 2',3,'handauncle','guest-bound',1795327666624,1795327666676,19);
INSERT INTO feedback VALUES('acme','000000000003000000000001','guest:0a68bde491e5f19622af12c8be4ba0b498ffd2dd64ac35799ad105a2286dcf80',-1,'number 1',2,'handauncle','guest-bound',1795327666664,1795327666677,20);

-- Table  guest_devices
DROP TABLE IF EXISTS guest_devices;
CREATE TABLE guest_devices (
    project_id    TEXT    NOT NULL,
    user_hash     TEXT    NOT NULL,
    device_hash   TEXT    NOT NULL,
    bound_at      INTEGER NOT NULL,
    token_seen_at INTEGER,  -- since when this device shows a signed token
    PRIMARY KEY (project_id, user_hash, device_hash)
) STRICT, WITHOUT ROWID;
INSERT INTO guest_devices VALUES('acme','331f008a9200c8c749259313af0efbe8ab85f11e14ac4180ed111c9e7eb57b53','31c3cca3c0bfbf356d5333859ae12a9f47fe99795d58de9411924ad49f3965b7',1795327666601,NULL);
INSERT INTO guest_devices VALUES('acme','41d36e25814dd881d12a8890a5bb487b3f2a20bf290609603164b2c0bd586e3e','882bc75aa54d121c9ffd13c4c4a4ef4708216e5c30fbff46dee36db395f2e87c',1795327666601,NULL);
INSERT INTO guest_devices VALUES('acme','60d38fd0fa603adf69d08d2e7ab0fba1a6e08282482ad06f1bb0f04cfb37df08','3e2adc5ca1a66e56b2ed4aeffd6c781f5773c2fd55c372c74a3cf814d3d5e3e5',1795327666601,NULL);
INSERT INTO guest_devices VALUES('acme','aaad6574a852882f1799e1d21a99846e46c7132efc1d856fab81a6beca439c3d','f3fd8a269318aa543820f1154e3f468167dc0a49b198121bcdd538e4548c39e8',1795327666601,NULL);

-- Table  history
DROP TABLE IF EXISTS history;
CREATE TABLE history (
    seq          INTEGER PRIMARY KEY,  -- the order of acceptance over all projects
    previous_seq INTEGER,  -- the same key's entry before this one; NULL for its first
    project_id   TEXT    NOT NULL,
    message_id   TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    vote         INTEGER CHECK (vote IN (1, -1)),  -- NULL: removed
    comment      TEXT,
    revision     INTEGER NOT NULL CHECK ((revision = 1) = (previous_seq IS NULL)),
    contract     TEXT    NOT NULL,
    auth_level   TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,  -- the first revision's
    updated_at   INTEGER NOT NULL   -- this revision's
) STRICT;
INSERT INTO history VALUES(1,NULL,'acme','000000000000000000000000','guest:36facc19346e070b9071217aa8fc8838e5aadce10c6ef60769d92a98e247faa9',1,'number 0',1,'handauncle','guest-bound',1795327666608,1795327666608);
INSERT INTO history VALUES(2,NULL,'acme','000000000001000000000000','guest:838b5d9c804f72869f2ac281d74fdc7f9191545a4dc8abb7994d872eaa643bfc',1,'number 0',1,'handauncle','guest-bound',1795327666618,1795327666618);
INSERT INTO history VALUES(3,NULL,'acme','000000000002000000000000','guest:b44409353e98548e5691428caf39c6989bbdfe5d4caa0841a5b11325dbe5a979',1,'number 0',1,'handauncle','guest-bound',1795327666619,1795327666619);
INSERT INTO history VALUES(4,NULL,'acme','000000000003000000000000','guest:0a68bde491e5f19622af12c8be4ba0b498ffd2dd64ac35799ad105a2286dcf80',1,'number 0',1,'handauncle','guest-bound',1795327666624,1795327666624);
INSERT INTO history VALUES(5,1,'acme','000000000000000000000000','guest:36facc19346e070b9071217aa8fc8838e5aadce10c6ef60769d92a98e247faa9',-1,'number 1',2,'handauncle','guest-bound',1795327666608,1795327666628);
INSERT INTO history VALUES(6,NULL,'acme','000000000000000000000001','guest:36facc19346e070b9071217aa8fc8838e5aadce10c6ef60769d92a98e247faa9',1,'number 0',1,'handauncle','guest-bound',1795327666637,1795327666637);
INSERT INTO history VALUES(7,2,'acme','000000000001000000000000','guest:838b5d9c804f72869f2ac281d74fdc7f9191545a4dc8abb7994d872eaa643bfc',-1,'number 1',2,'handauncle','guest-bound',1795327666618,1795327666640);
INSERT INTO history VALUES(8,NULL,'acme','000000000001000000000001','guest:838b5d9c804f72869f2ac281d74fdc7f9191545a4dc8abb7994d872eaa643bfc',1,'number 0',1,'handauncle','guest-bound',1795327666646,1795327666646);
INSERT INTO history VALUES(9,3,'acme','000000000002000000000000','guest:b44409353e98548e5691428caf39c6989bbdfe5d4caa0841a5b11325dbe5a979',-1,'number 1',2,'handauncle','guest-bound',1795327666619,1795327666652);
INSERT INTO history VALUES(10,NULL,'acme','000000000002000000000001','guest:b44409353e98548e5691428caf39c6989bbdfe5d4caa0841a5b11325dbe5a979',1,'number 0',1,'handauncle','guest-bound',1795327666658,1795327666658);
INSERT INTO history VALUES(11,4,'acme','000000000003000000000000','guest:0a68bde491e5f19622af12c8be4ba0b498ffd2dd64ac35799ad105a2286dcf80',-1,'number 1',2,'handauncle','guest-bound',1795327666624,1795327666662);
INSERT INTO history VALUES(12,NULL,'acme','000000000003000000000001','guest:0a68bde491e5f19622af12c8be4ba0b498ffd2dd64ac35799ad105a2286dcf80',1,'number 0',1,'handauncle','guest-bound',1795327666664,1795327666664);
INSERT INTO history VALUES(13,5,'acme','000000000000000000000000','guest:36facc19346e070b9071217aa8fc8838e5aadce10c6ef60769d92a98e247faa9',-1,'number 2',3,'handauncle','guest-bound',1795327666608,1795327666667);
INSERT INTO history VALUES(14,6,'acme','000000000000000000000001','guest:36facc19346e070b9071217aa8fc8838e5aadce10c6ef60769d92a98e247faa9',-1,'number 1',2,'handauncle','guest-bound',1795327666637,1795327666668);
INSERT INTO history VALUES(15,7,'acme','000000000001000000000000','guest:838b5d9c804f72869f2ac281d74fdc7f9191545a4dc8abb7994d872eaa643bfc',-1,'number 2',3,'handauncle','guest-bound',1795327666618,1795327666669);
INSERT INTO history VALUES(16,8,'acme','000000000001000000000001','guest:838b5d9c804f72869f2ac281d74fdc7f9191545a4dc8abb7994d872eaa643bfc',-1,'number 1',2,'handauncle','guest-bound',1795327666646,1795327666670);
INSERT INTO history VALUES(17,9,'acme','000000000002000000000000','guest:b44409353e98548e5691428caf39c6989bbdfe5d4caa0841a5b11325dbe5a979',-1,'number 2',3,'handauncle','guest-bound',1795327666619,1795327666674);
INSERT INTO history VALUES(18,10,'acme','000000000002000000000001','guest:b44409353e98548e5691428caf39c6989bbdfe5d4caa0841a5b11325dbe5a979',-1,'number 1',2,'handauncle','guest-bound',1795327666658,1795327666675);
INSERT INTO history VALUES(19,11,'acme','000000000003000000000000','guest:0a68bde491e5f19622af12c8be4ba0b498ffd2dd64ac35799ad105a2286dcf80',-1,'number 2',3,'handauncle','guest-bound',1795327666624,1795327666676);
INSERT INTO history VALUES(20,12,'acme','000000000003000000000001','guest:0a68bde491e5f19622af12c8be4ba0b498ffd2dd64ac35799ad105a2286dcf80',-1,'number 1',2,'handauncle','guest-bound',1795327666664,1795327666677);
-- Triggers and indices on  history
CREATE INDEX history_by_time ON history (project_id, updated_at);

-- Table  messages
DROP TABLE IF EXISTS messages;
CREATE TABLE messages (
    project_id      TEXT    NOT NULL,
    message_id      TEXT    NOT NULL,
    role            TEXT    NOT NULL,
    owner           TEXT    NOT NULL,  -- a subject's key, such as user:https://tenant.example/#auth0|1
    conversation_id TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,  -- every instant here: milliseconds since 1970-01-01 UTC
    in_reply_to     TEXT,
    model           TEXT,
    prompt_version  TEXT,
    arms            TEXT    NOT NULL,  -- a JSON object, experiment -> arm
    locale          TEXT,
    platform        TEXT,
    trace_id        TEXT,
    span_id         TEXT,
    metadata        TEXT    NOT NULL,  -- a JSON object
    content         TEXT,
    PRIMARY KEY (project_id, message_id)
) STRICT;
INSERT INTO messages VALUES('acme','000000000000000000000000','assistant','guest:36facc19346e070b9071217aa8fc8838e5aadce10c6ef60769d92a98e247faa9','c-000000000000000000000000',1795327666601,NULL,'m-1',NULL,'{}',NULL,NULL,NULL,NULL,'{}','Good evening.');
INSERT INTO messages VALUES('acme','000000000000000000000001','assistant','guest:36facc19346e070b9071217aa8fc8838e5aadce10c6ef60769d92a98e247faa9','c-000000000000000000000001',1795327666601,NULL,'m-1',NULL,'{}',NULL,NULL,NULL,NULL,'{}','Good evening.');
INSERT INTO messages VALUES('acme','000000000001000000000000','assistant','guest:838b5d9c804f72869f2ac281d74fdc7f9191545a4dc8abb7994d872eaa643bfc','c-000000000001000000000000',1795327666601,NULL,'m-1',NULL,'{}',NULL,NULL,NULL,NULL,'{}','Good evening.');
INSERT INTO messages VALUES('acme','000000000001000000000001','assistant','guest:838b5d9c804f72869f2ac281d74fdc7f9191545a4dc8abb7994d872eaa643bfc','c-000000000001000000000001',1795327666601,NULL,'m-1',NULL,'{}',NULL,NULL,NULL,NULL,'{}','Good evening.');
INSERT INTO messages VALUES('acme','000000000002000000000000','assistant','guest:b44409353e98548e5691428caf39c6989bbdfe5d4caa0841a5b11325dbe5a979','c-000000000002000000000000',1795327666601,NULL,'m-1',NULL,'{}',NULL,NULL,NULL,NULL,'{}','Good evening.');
INSERT INTO messages VALUES('acme','000000000002000000000001','assistant','guest:b44409353e98548e5691428caf39c6989bbdfe5d4caa0841a5b11325dbe5a979','c-000000000002000000000001',1795327666601,NULL,'m-1',NULL,'{}',NULL,NULL,NULL,NULL,'{}','Good evening.');
INSERT INTO messages VALUES('acme','000000000003000000000000','assistant','guest:0a68bde491e5f19622af12c8be4ba0b498ffd2dd64ac35799ad105a2286dcf80','c-000000000003000000000000',1795327666601,NULL,'m-1',NULL,'{}',NULL,NULL,NULL,NULL,'{}','Good evening.');
INSERT INTO messages VALUES('acme','000000000003000000000001','assistant','guest:0a68bde491e5f19622af12c8be4ba0b498ffd2dd64ac35799ad105a2286dcf80','c-000000000003000000000001',1795327666601,NULL,'m-1',NULL,'{}',NULL,NULL,NULL,NULL,'{}','Good evening.');
-- Triggers and indices on  messages
CREATE INDEX messages_by_conversation ON messages (project_id, conversation_id, created_at, message_id);

-- Table  readiness
DROP TABLE IF EXISTS readiness;
CREATE TABLE readiness (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    checked_at INTEGER NOT NULL
) STRICT;
INSERT INTO readiness VALUES(1,1795327666595);

-- Table  visitors
DROP TABLE IF EXISTS visitors;
CREATE TABLE visitors (
    project_id  TEXT    NOT NULL,
    device_hash TEXT    NOT NULL,
    visitor_id  TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (project_id, device_hash)
) STRICT, WITHOUT ROWID;

-- Database header
pragma user_version=1;
pragma application_id=1349280117;

COMMIT TRANSACTION;

BEGIN TRANSACTION;
CREATE TABLE progress (
    learner TEXT NOT NULL, lesson TEXT NOT NULL, kind TEXT NOT NULL, item TEXT NOT NULL,
    value TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (learner, lesson, kind, item)
) WITHOUT ROWID;
INSERT INTO "progress" VALUES('local','day_01_connect','answered','q-trap','1','2026-11-26T09:09:00.000000+00:00');
INSERT INTO "progress" VALUES('local','day_01_connect','opened','','','2026-11-26T09:03:00.000000+00:00');
INSERT INTO "progress" VALUES('local','day_01_connect','read','','yes','2026-11-26T09:15:00.000000+00:00');
INSERT INTO "progress" VALUES('local','day_01_connect','solved','q-trap','','2026-11-26T09:12:00.000000+00:00');
INSERT INTO "progress" VALUES('local','day_01_connect','tried','demo','','2026-11-26T09:06:00.000000+00:00');
INSERT INTO "progress" VALUES('local','day_03_write_streams','answered','q-complete','0','2026-11-26T09:33:00.000000+00:00');
INSERT INTO "progress" VALUES('local','day_03_write_streams','answered','q-first-line','1','2026-11-26T09:21:00.000000+00:00');
INSERT INTO "progress" VALUES('local','day_03_write_streams','answered','q-torn','2','2026-11-26T09:27:00.000000+00:00');
INSERT INTO "progress" VALUES('local','day_03_write_streams','opened','','','2026-11-26T09:18:00.000000+00:00');
INSERT INTO "progress" VALUES('local','day_03_write_streams','solved','exercise:1_make_a_stream','stream = Complete(model, prompt, session=session, stream=True)
','2026-11-26T09:39:00.000000+00:00');
INSERT INTO "progress" VALUES('local','day_03_write_streams','solved','q-first-line','','2026-11-26T09:24:00.000000+00:00');
INSERT INTO "progress" VALUES('local','day_03_write_streams','solved','q-torn','','2026-11-26T09:30:00.000000+00:00');
INSERT INTO "progress" VALUES('local','day_03_write_streams','tried','exercise:1_make_a_stream','stream = Complete(model, prompt, session=session, stream=True)
','2026-11-26T09:36:00.000000+00:00');
INSERT INTO "progress" VALUES('local','day_03_write_streams','tried','exercise:4_keep_the_text','kept = []
for piece in stream:
    kept.append(piece)  # ''조각''
','2026-11-26T09:42:00.000000+00:00');
CREATE TABLE usage (
    day TEXT NOT NULL, learner TEXT NOT NULL,
    requests INTEGER NOT NULL, tokens INTEGER NOT NULL,
    PRIMARY KEY (day, learner)
) WITHOUT ROWID;
COMMIT;
PRAGMA user_version = 2;

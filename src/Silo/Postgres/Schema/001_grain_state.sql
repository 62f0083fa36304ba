-- One row per grain. A version is never given out twice, not even after a row was deleted and made anew,
-- so that an old activation cannot mistake another life of its row for its own.
create sequence grain_state_version as bigint;

create table grain_state (
    type       text collate "C" not null,
    id         text collate "C" not null,
    version    bigint           not null,
    -- Who wrote last: chosen by the writer before it sends, so that it knows its own write after a lost connection.
    write_id   uuid             not null,
    state      jsonb            not null,
    updated_at timestamptz      not null default now(),
    primary key (type, id)
);

-- An upload is resumed by what is in it; one session in progress per user and content.
create unique index upload_session_in_progress on grain_state (
    (state->>'user'), ((state->>'size')::bigint), (state->>'tipHash'), coalesce(state->>'pieceHash', '')
) where type = 'upload-session' and state->>'state' in ('Created', 'Uploading', 'Completing') and state->>'tipHash' is not null;

-- What the sweeper looks at next.
create index upload_session_due on grain_state (((state->>'expiresAt')::bigint))
    where type = 'upload-session' and state->>'state' in ('Created', 'Uploading', 'Completing');

-- A user's list, newest first; both descending, so that a page begins by one comparison of rows.
create index upload_session_list on grain_state ((state->>'user'), ((state->>'createdAt')::bigint) desc, id desc)
    where type = 'upload-session';

create index upload_session_upload_id on grain_state ((state->>'uploadId'))
    where type = 'upload-session' and state->>'uploadId' is not null;

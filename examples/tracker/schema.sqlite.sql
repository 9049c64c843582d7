-- An issue tracker: uuid keys, and no column that says which rows are test data.
CREATE TABLE people (
    id uuid NOT NULL PRIMARY KEY,
    email varchar(120) NOT NULL UNIQUE,
    name varchar(80) NOT NULL,
    password varchar(120) NOT NULL,
    settings jsonb NOT NULL,
    joined_at datetime NOT NULL
);
CREATE TABLE projects (
    id uuid NOT NULL PRIMARY KEY,
    slug varchar(40) NOT NULL UNIQUE,
    created_at datetime NOT NULL
);
CREATE TABLE memberships (
    project_id uuid NOT NULL REFERENCES projects (id),
    person_id uuid NOT NULL REFERENCES people (id),
    role text NOT NULL CHECK (role IN ('owner', 'developer', 'reporter')),
    PRIMARY KEY (project_id, person_id)
);
CREATE TABLE milestones (
    id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    project_id uuid NOT NULL REFERENCES projects (id),
    name varchar(40) NOT NULL,
    due date NOT NULL
);
CREATE TABLE issues (
    id uuid NOT NULL PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES projects (id),
    number integer NOT NULL,
    parent_id uuid NULL REFERENCES issues (id),
    reporter_id uuid NOT NULL REFERENCES people (id),
    assignee_id uuid NULL REFERENCES people (id),
    title varchar(120) NOT NULL,
    state text NOT NULL CHECK (state IN ('todo', 'doing', 'done')),
    created_at datetime NOT NULL,
    closed_at datetime NULL,
    UNIQUE (project_id, number),
    CHECK ((state = 'done') = (closed_at IS NOT NULL))
);
CREATE TABLE labels (
    id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    name varchar(20) NOT NULL UNIQUE
);
CREATE TABLE issue_labels (
    issue_id uuid NOT NULL REFERENCES issues (id),
    label_id integer NOT NULL REFERENCES labels (id),
    PRIMARY KEY (issue_id, label_id)
);
-- A comment is about an issue, a project or a milestone; no foreign key says so.
CREATE TABLE comments (
    id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    author_id uuid NOT NULL REFERENCES people (id),
    subject_type varchar(20) NOT NULL,
    subject_id varchar(40) NOT NULL,
    body text NOT NULL,
    created_at datetime NOT NULL
);
CREATE INDEX comments_subject ON comments (subject_type, subject_id);

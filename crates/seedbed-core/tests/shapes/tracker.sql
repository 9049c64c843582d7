CREATE TABLE people (id char(36) NOT NULL PRIMARY KEY, email varchar(80) NOT NULL UNIQUE, settings text NOT NULL);
CREATE TABLE projects (id uuid NOT NULL PRIMARY KEY, slug varchar(40) NOT NULL UNIQUE);
CREATE TABLE memberships (project_id uuid NOT NULL REFERENCES projects (id),
    person_id char(36) NOT NULL REFERENCES people (id), role varchar(10) NOT NULL,
    PRIMARY KEY (project_id, person_id));
CREATE TABLE issues (id char(32) NOT NULL PRIMARY KEY, project_id uuid NOT NULL REFERENCES projects (id),
    assignee_id char(36) NULL REFERENCES people (id), parent_id char(32) NULL REFERENCES issues (id),
    title varchar(80) NOT NULL, state varchar(10) NOT NULL, made_at datetime NOT NULL);
CREATE TABLE labels (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, name varchar(20) NOT NULL UNIQUE);
CREATE TABLE issue_labels (issue_id char(32) NOT NULL REFERENCES issues (id),
    label_id bigint NOT NULL REFERENCES labels (id), PRIMARY KEY (issue_id, label_id));
CREATE TABLE comments (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, author_id char(36) NOT NULL REFERENCES people (id),
    subject_type varchar(20) NULL, subject_id varchar(40) NULL, body text NOT NULL, made_at datetime NOT NULL);

-- What `bin/rails db:schema:load` makes on PostgreSQL: bigserial keys, timestamps without a default,
-- enums as whole numbers, a polymorphic table.
CREATE TABLE schema_migrations (version character varying NOT NULL PRIMARY KEY);
CREATE TABLE ar_internal_metadata (key character varying NOT NULL PRIMARY KEY, value character varying,
    created_at timestamp(6) without time zone NOT NULL, updated_at timestamp(6) without time zone NOT NULL);
INSERT INTO schema_migrations VALUES ('20260101000000');
INSERT INTO ar_internal_metadata VALUES ('environment', 'development', now(), now());
CREATE TABLE users (id bigserial PRIMARY KEY, email character varying DEFAULT '' NOT NULL,
    encrypted_password character varying DEFAULT '' NOT NULL, reset_password_token character varying,
    reset_password_sent_at timestamp(6), sign_in_count integer DEFAULT 0 NOT NULL, first_name character varying,
    last_name character varying, role integer DEFAULT 0 NOT NULL, settings jsonb DEFAULT '{}' NOT NULL,
    created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_users_on_email ON users (email);
CREATE UNIQUE INDEX index_users_on_lower_email ON users (lower((email)::text));
CREATE UNIQUE INDEX index_users_on_reset_password_token ON users (reset_password_token);
CREATE TABLE profiles (id bigserial PRIMARY KEY, user_id bigint NOT NULL REFERENCES users (id), bio text,
    website character varying, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_profiles_on_user_id ON profiles (user_id);
CREATE TABLE categories (id bigserial PRIMARY KEY, name character varying NOT NULL, slug character varying NOT NULL,
    parent_id bigint REFERENCES categories (id), position integer NOT NULL,
    created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_categories_on_slug ON categories (slug);
CREATE TABLE articles (id bigserial PRIMARY KEY, author_id bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    reviewer_id bigint REFERENCES users (id), category_id bigint NOT NULL REFERENCES categories (id),
    title character varying NOT NULL, slug character varying NOT NULL, body text, status integer DEFAULT 0 NOT NULL,
    published_at timestamp(6), comments_count integer DEFAULT 0 NOT NULL, data jsonb NOT NULL,
    tags character varying[] DEFAULT '{}', created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL,
    CONSTRAINT title_has_letters CHECK (char_length(title) >= 3));
CREATE UNIQUE INDEX index_articles_on_slug ON articles (slug);
CREATE TABLE photos (id bigserial PRIMARY KEY, article_id bigint NOT NULL REFERENCES articles (id),
    url character varying NOT NULL, width integer NOT NULL, height integer NOT NULL,
    created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, CONSTRAINT sizes CHECK (width > 0 AND height > 0));
CREATE TABLE comments (id bigserial PRIMARY KEY, user_id bigint NOT NULL REFERENCES users (id),
    commentable_type character varying NOT NULL, commentable_id bigint NOT NULL, body text NOT NULL,
    created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE INDEX index_comments_on_commentable ON comments (commentable_type, commentable_id);
CREATE TABLE tags (id bigserial PRIMARY KEY, name character varying NOT NULL,
    created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_tags_on_name ON tags (name);
CREATE TABLE taggings (id bigserial PRIMARY KEY, tag_id bigint NOT NULL REFERENCES tags (id),
    article_id bigint NOT NULL REFERENCES articles (id), created_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_taggings_on_tag_and_article ON taggings (tag_id, article_id);
CREATE TABLE follows (id bigserial PRIMARY KEY, follower_id bigint NOT NULL REFERENCES users (id),
    followed_id bigint NOT NULL REFERENCES users (id), created_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_follows_on_both ON follows (follower_id, followed_id);
CREATE TABLE audits (id bigserial PRIMARY KEY, auditable_type character varying, auditable_id bigint,
    action character varying, audited_changes jsonb, created_at timestamp(6));
CREATE VIEW published_articles AS SELECT * FROM articles WHERE status = 1;

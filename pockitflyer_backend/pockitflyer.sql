-- The PockitFlyer database as `manage.py migrate` leaves it, for SQLite.
-- Generated from the migrations; do not edit. To regenerate, in pockitflyer_backend:
--
--     python script/dump_schema.py
--
-- Execute it into an empty database file.

CREATE TABLE "django_migrations" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "app" varchar(255) NOT NULL, "name" varchar(255) NOT NULL, "applied" datetime NOT NULL);

CREATE TABLE "django_content_type" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "app_label" varchar(100) NOT NULL, "model" varchar(100) NOT NULL);

CREATE TABLE "auth_group_permissions" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "group_id" integer NOT NULL REFERENCES "auth_group" ("id") DEFERRABLE INITIALLY DEFERRED, "permission_id" integer NOT NULL REFERENCES "auth_permission" ("id") DEFERRABLE INITIALLY DEFERRED);

CREATE TABLE "auth_permission" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "content_type_id" integer NOT NULL REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED, "codename" varchar(100) NOT NULL, "name" varchar(255) NOT NULL);

CREATE TABLE "auth_group" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "name" varchar(150) NOT NULL UNIQUE);

CREATE TABLE "users_user" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "password" varchar(128) NOT NULL, "last_login" datetime NULL, "is_superuser" bool NOT NULL, "username" varchar(150) NOT NULL UNIQUE, "first_name" varchar(150) NOT NULL, "last_name" varchar(150) NOT NULL, "is_staff" bool NOT NULL, "is_active" bool NOT NULL, "date_joined" datetime NOT NULL, "is_e2e_test_data" bool NOT NULL, "email" varchar(254) NOT NULL UNIQUE, "email_verified" bool NOT NULL, "profile_picture" varchar(100) NULL, "bio" text NULL, "latitude" decimal NULL, "longitude" decimal NULL, "created_at" datetime NOT NULL, "updated_at" datetime NOT NULL);

CREATE TABLE "users_user_groups" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "user_id" bigint NOT NULL REFERENCES "users_user" ("id") DEFERRABLE INITIALLY DEFERRED, "group_id" integer NOT NULL REFERENCES "auth_group" ("id") DEFERRABLE INITIALLY DEFERRED);

CREATE TABLE "users_user_user_permissions" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "user_id" bigint NOT NULL REFERENCES "users_user" ("id") DEFERRABLE INITIALLY DEFERRED, "permission_id" integer NOT NULL REFERENCES "auth_permission" ("id") DEFERRABLE INITIALLY DEFERRED);

CREATE TABLE "users_privacysettings" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "is_e2e_test_data" bool NOT NULL, "allow_email_contact" bool NOT NULL, "created_at" datetime NOT NULL, "updated_at" datetime NOT NULL, "user_id" bigint NOT NULL UNIQUE REFERENCES "users_user" ("id") DEFERRABLE INITIALLY DEFERRED);

CREATE TABLE "users_profile" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "is_e2e_test_data" bool NOT NULL, "profile_picture" varchar(100) NULL, "name" varchar(100) NULL, "created_at" datetime NOT NULL, "updated_at" datetime NOT NULL, "user_id" bigint NOT NULL UNIQUE REFERENCES "users_user" ("id") DEFERRABLE INITIALLY DEFERRED);

CREATE TABLE "users_follow" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "is_e2e_test_data" bool NOT NULL, "created_at" datetime NOT NULL, "followed_id" bigint NOT NULL REFERENCES "users_user" ("id") DEFERRABLE INITIALLY DEFERRED, "follower_id" bigint NOT NULL REFERENCES "users_user" ("id") DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "unique_follow" UNIQUE ("follower_id", "followed_id"), CONSTRAINT "prevent_self_follow" CHECK (NOT ("follower_id" = ("followed_id"))));

CREATE TABLE "flyers_flyer" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "is_e2e_test_data" bool NOT NULL, "title" varchar(200) NOT NULL, "description" text NOT NULL, "category" varchar(20) NOT NULL, "location_address" varchar(500) NOT NULL, "latitude" decimal NOT NULL, "longitude" decimal NOT NULL, "is_active" bool NOT NULL, "valid_from" datetime NOT NULL, "valid_until" datetime NOT NULL, "created_at" datetime NOT NULL, "updated_at" datetime NOT NULL, "creator_id" bigint NOT NULL REFERENCES "users_user" ("id") DEFERRABLE INITIALLY DEFERRED);

CREATE TABLE "flyers_flyerimage" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "is_e2e_test_data" bool NOT NULL, "image" varchar(100) NOT NULL, "order" integer NOT NULL, "created_at" datetime NOT NULL, "flyer_id" bigint NOT NULL REFERENCES "flyers_flyer" ("id") DEFERRABLE INITIALLY DEFERRED);

CREATE TABLE "flyers_favorite" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "is_e2e_test_data" bool NOT NULL, "created_at" datetime NOT NULL, "user_id" bigint NOT NULL REFERENCES "users_user" ("id") DEFERRABLE INITIALLY DEFERRED, "flyer_id" bigint NOT NULL REFERENCES "flyers_flyer" ("id") DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "unique_favorite" UNIQUE ("user_id", "flyer_id"));

CREATE TABLE "seedbed_marker" ("id" smallint NOT NULL PRIMARY KEY, "identity" text NULL, "how" text NOT NULL, "marked_at" bigint NOT NULL, "tool" text NOT NULL, "counters" text NOT NULL, "stale_files" text NOT NULL, CONSTRAINT "seedbed_one_marker" CHECK ("id" = 1));

CREATE TABLE "seedbed_state" ("scenario" text NOT NULL, "worker" smallint NOT NULL, "layer" smallint NOT NULL, "seed" text NOT NULL, "as_of" bigint NOT NULL, "pinned" smallint NOT NULL, "holds_for" bigint NOT NULL, "digest" text NOT NULL, "variant" text NULL, "keys" text NOT NULL, "files" text NOT NULL, "passwords" text NOT NULL, "tool" text NOT NULL, "seeded_at" bigint NOT NULL, CONSTRAINT "seedbed_one_layer" UNIQUE ("layer", "worker"), PRIMARY KEY ("scenario", "worker"));

CREATE UNIQUE INDEX "django_content_type_app_label_model_76bd3d3b_uniq" ON "django_content_type" ("app_label", "model");

CREATE UNIQUE INDEX "auth_group_permissions_group_id_permission_id_0cd325b0_uniq" ON "auth_group_permissions" ("group_id", "permission_id");

CREATE INDEX "auth_group_permissions_group_id_b120cbf9" ON "auth_group_permissions" ("group_id");

CREATE INDEX "auth_group_permissions_permission_id_84c5c92e" ON "auth_group_permissions" ("permission_id");

CREATE UNIQUE INDEX "auth_permission_content_type_id_codename_01ab375a_uniq" ON "auth_permission" ("content_type_id", "codename");

CREATE INDEX "auth_permission_content_type_id_2f476e4b" ON "auth_permission" ("content_type_id");

CREATE UNIQUE INDEX "users_user_groups_user_id_group_id_b88eab82_uniq" ON "users_user_groups" ("user_id", "group_id");

CREATE INDEX "users_user_groups_user_id_5f6f5a90" ON "users_user_groups" ("user_id");

CREATE INDEX "users_user_groups_group_id_9afc8d0e" ON "users_user_groups" ("group_id");

CREATE UNIQUE INDEX "users_user_user_permissions_user_id_permission_id_43338c45_uniq" ON "users_user_user_permissions" ("user_id", "permission_id");

CREATE INDEX "users_user_user_permissions_user_id_20aca447" ON "users_user_user_permissions" ("user_id");

CREATE INDEX "users_user_user_permissions_permission_id_0b93982e" ON "users_user_user_permissions" ("permission_id");

CREATE INDEX "users_follow_followed_id_1b711cf3" ON "users_follow" ("followed_id");

CREATE INDEX "users_follow_follower_id_832a9a65" ON "users_follow" ("follower_id");

CREATE INDEX "users_follo_followe_229ec1_idx" ON "users_follow" ("follower_id", "created_at");

CREATE INDEX "flyers_flye_creator_347bbf_idx" ON "flyers_flyer" ("creator_id");

CREATE INDEX "flyers_flye_latitud_dd1aa9_idx" ON "flyers_flyer" ("latitude", "longitude");

CREATE INDEX "flyers_flye_valid_f_fc6f8e_idx" ON "flyers_flyer" ("valid_from", "valid_until");

CREATE INDEX "flyers_flye_created_b06eb2_idx" ON "flyers_flyer" ("created_at");

CREATE INDEX "flyers_flye_valid_u_cd1d5c_idx" ON "flyers_flyer" ("valid_until");

CREATE INDEX "flyers_flye_is_acti_940402_idx" ON "flyers_flyer" ("is_active", "valid_until");

CREATE INDEX "flyers_flye_categor_5318ae_idx" ON "flyers_flyer" ("category", "latitude", "longitude", "valid_until");

CREATE INDEX "flyers_flyer_creator_id_f3fc1c49" ON "flyers_flyer" ("creator_id");

CREATE INDEX "flyers_flyerimage_flyer_id_331b9a51" ON "flyers_flyerimage" ("flyer_id");

CREATE INDEX "flyers_favorite_user_id_5633b280" ON "flyers_favorite" ("user_id");

CREATE INDEX "flyers_favorite_flyer_id_c33db03a" ON "flyers_favorite" ("flyer_id");

CREATE INDEX "flyers_favo_user_id_9af402_idx" ON "flyers_favorite" ("user_id", "created_at");

CREATE INDEX "flyers_favo_flyer_i_37fbcf_idx" ON "flyers_favorite" ("flyer_id", "created_at");

INSERT INTO "django_content_type" ("id", "app_label", "model") VALUES
    (1, 'contenttypes', 'contenttype'),
    (2, 'auth', 'permission'),
    (3, 'auth', 'group'),
    (4, 'users', 'user'),
    (5, 'users', 'privacysettings'),
    (6, 'users', 'profile'),
    (7, 'users', 'follow'),
    (8, 'flyers', 'flyer'),
    (9, 'flyers', 'favorite'),
    (10, 'flyers', 'flyerimage'),
    (11, 'seedbed', 'marker'),
    (12, 'seedbed', 'state');

INSERT INTO "auth_permission" ("id", "content_type_id", "codename", "name") VALUES
    (1, 1, 'add_contenttype', 'Can add content type'),
    (2, 1, 'change_contenttype', 'Can change content type'),
    (3, 1, 'delete_contenttype', 'Can delete content type'),
    (4, 1, 'view_contenttype', 'Can view content type'),
    (5, 2, 'add_permission', 'Can add permission'),
    (6, 2, 'change_permission', 'Can change permission'),
    (7, 2, 'delete_permission', 'Can delete permission'),
    (8, 2, 'view_permission', 'Can view permission'),
    (9, 3, 'add_group', 'Can add group'),
    (10, 3, 'change_group', 'Can change group'),
    (11, 3, 'delete_group', 'Can delete group'),
    (12, 3, 'view_group', 'Can view group'),
    (13, 4, 'add_user', 'Can add user'),
    (14, 4, 'change_user', 'Can change user'),
    (15, 4, 'delete_user', 'Can delete user'),
    (16, 4, 'view_user', 'Can view user'),
    (17, 5, 'add_privacysettings', 'Can add privacy settings'),
    (18, 5, 'change_privacysettings', 'Can change privacy settings'),
    (19, 5, 'delete_privacysettings', 'Can delete privacy settings'),
    (20, 5, 'view_privacysettings', 'Can view privacy settings'),
    (21, 6, 'add_profile', 'Can add profile'),
    (22, 6, 'change_profile', 'Can change profile'),
    (23, 6, 'delete_profile', 'Can delete profile'),
    (24, 6, 'view_profile', 'Can view profile'),
    (25, 7, 'add_follow', 'Can add follow'),
    (26, 7, 'change_follow', 'Can change follow'),
    (27, 7, 'delete_follow', 'Can delete follow'),
    (28, 7, 'view_follow', 'Can view follow'),
    (29, 8, 'add_flyer', 'Can add flyer'),
    (30, 8, 'change_flyer', 'Can change flyer'),
    (31, 8, 'delete_flyer', 'Can delete flyer'),
    (32, 8, 'view_flyer', 'Can view flyer'),
    (33, 9, 'add_favorite', 'Can add favorite'),
    (34, 9, 'change_favorite', 'Can change favorite'),
    (35, 9, 'delete_favorite', 'Can delete favorite'),
    (36, 9, 'view_favorite', 'Can view favorite'),
    (37, 10, 'add_flyerimage', 'Can add flyer image'),
    (38, 10, 'change_flyerimage', 'Can change flyer image'),
    (39, 10, 'delete_flyerimage', 'Can delete flyer image'),
    (40, 10, 'view_flyerimage', 'Can view flyer image');

INSERT INTO "django_migrations" ("id", "app", "name", "applied") VALUES
    (1, 'contenttypes', '0001_initial', '2026-01-01 00:00:00'),
    (2, 'contenttypes', '0002_remove_content_type_name', '2026-01-01 00:00:00'),
    (3, 'auth', '0001_initial', '2026-01-01 00:00:00'),
    (4, 'auth', '0002_alter_permission_name_max_length', '2026-01-01 00:00:00'),
    (5, 'auth', '0003_alter_user_email_max_length', '2026-01-01 00:00:00'),
    (6, 'auth', '0004_alter_user_username_opts', '2026-01-01 00:00:00'),
    (7, 'auth', '0005_alter_user_last_login_null', '2026-01-01 00:00:00'),
    (8, 'auth', '0006_require_contenttypes_0002', '2026-01-01 00:00:00'),
    (9, 'auth', '0007_alter_validators_add_error_messages', '2026-01-01 00:00:00'),
    (10, 'auth', '0008_alter_user_username_max_length', '2026-01-01 00:00:00'),
    (11, 'auth', '0009_alter_user_last_name_max_length', '2026-01-01 00:00:00'),
    (12, 'auth', '0010_alter_group_name_max_length', '2026-01-01 00:00:00'),
    (13, 'auth', '0011_update_proxy_permissions', '2026-01-01 00:00:00'),
    (14, 'auth', '0012_alter_user_first_name_max_length', '2026-01-01 00:00:00'),
    (15, 'users', '0001_initial', '2026-01-01 00:00:00'),
    (16, 'flyers', '0001_initial', '2026-01-01 00:00:00'),
    (17, 'seedbed', '0001_initial', '2026-01-01 00:00:00');

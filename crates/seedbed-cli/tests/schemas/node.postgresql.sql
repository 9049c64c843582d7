-- What `prisma migrate deploy` makes: names in camel case, text keys that the client makes (cuid), enum
-- types, timestamp(3), implicit many-to-many tables.
CREATE TABLE "_prisma_migrations" (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz,
    migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz,
    started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0);
INSERT INTO "_prisma_migrations" (id, checksum, migration_name) VALUES ('1', 'x', '20260101000000_init');
CREATE TYPE "Role" AS ENUM ('USER', 'EDITOR', 'ADMIN');
CREATE TYPE "OrderStatus" AS ENUM ('PENDING', 'PAID', 'SHIPPED');
CREATE TABLE "User" ("id" TEXT NOT NULL, "email" TEXT NOT NULL, "emailVerified" TIMESTAMP(3), "name" TEXT,
    "passwordHash" TEXT NOT NULL, "role" "Role" NOT NULL DEFAULT 'USER',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "User_pkey" PRIMARY KEY ("id"));
CREATE UNIQUE INDEX "User_email_key" ON "User" ("email");
CREATE TABLE "Session" ("id" TEXT NOT NULL PRIMARY KEY, "token" TEXT NOT NULL, "userId" TEXT NOT NULL
    REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE, "expiresAt" TIMESTAMP(3) NOT NULL);
CREATE UNIQUE INDEX "Session_token_key" ON "Session" ("token");
CREATE TABLE "Organization" ("id" UUID NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY, "name" TEXT NOT NULL,
    "slug" VARCHAR(48) NOT NULL UNIQUE, "ownerId" TEXT NOT NULL UNIQUE REFERENCES "User" ("id"), "plan" TEXT NOT NULL
    CHECK ("plan" IN ('free', 'pro')), "seats" INTEGER NOT NULL CHECK ("seats" BETWEEN 1 AND 500));
CREATE TABLE "Membership" ("userId" TEXT NOT NULL REFERENCES "User" ("id"), "organizationId" UUID NOT NULL
    REFERENCES "Organization" ("id"), "role" "Role" NOT NULL, "joinedAt" TIMESTAMP(3) NOT NULL,
    PRIMARY KEY ("userId", "organizationId"));
CREATE TABLE "Product" ("id" SERIAL PRIMARY KEY, "sku" VARCHAR(20) NOT NULL UNIQUE, "name" TEXT NOT NULL,
    "priceCents" INTEGER NOT NULL CHECK ("priceCents" >= 0), "isActive" BOOLEAN NOT NULL DEFAULT true,
    "attributes" JSONB NOT NULL, "weight" DOUBLE PRECISION NOT NULL, "rating" REAL);
CREATE TABLE "Order" ("id" TEXT NOT NULL PRIMARY KEY, "number" SERIAL NOT NULL UNIQUE, "userId" TEXT NOT NULL
    REFERENCES "User" ("id"), "status" "OrderStatus" NOT NULL DEFAULT 'PENDING', "total" DECIMAL(10,2) NOT NULL,
    "paidAt" TIMESTAMP(3), "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT paid_when_paid CHECK (("status" = 'PENDING') = ("paidAt" IS NULL)));
CREATE TABLE "OrderItem" ("orderId" TEXT NOT NULL REFERENCES "Order" ("id"), "line" INTEGER NOT NULL,
    "productId" INTEGER NOT NULL REFERENCES "Product" ("id"), "quantity" INTEGER NOT NULL, "price" DECIMAL(10,2) NOT NULL,
    PRIMARY KEY ("orderId", "line"));
CREATE TABLE "Shipment" ("id" TEXT NOT NULL PRIMARY KEY, "orderId" TEXT NOT NULL, "line" INTEGER NOT NULL,
    "trackingCode" TEXT, FOREIGN KEY ("orderId", "line") REFERENCES "OrderItem" ("orderId", "line"));
CREATE TABLE "Tag" ("id" SERIAL PRIMARY KEY, "label" TEXT NOT NULL UNIQUE);
CREATE TABLE "_ProductToTag" ("A" INTEGER NOT NULL REFERENCES "Product" ("id") ON DELETE CASCADE,
    "B" INTEGER NOT NULL REFERENCES "Tag" ("id") ON DELETE CASCADE);
CREATE UNIQUE INDEX "_ProductToTag_AB_unique" ON "_ProductToTag" ("A", "B");

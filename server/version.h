#ifndef SERVER_VERSION_H
#define SERVER_VERSION_H

/** Part of every answer and of every cache key: raise it whenever a summary may change. */
#define PRECIS_VERSION "1.0.0"
#define PRECIS_ENGINE "precis/" PRECIS_VERSION

#endif

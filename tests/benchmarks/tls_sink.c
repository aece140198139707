/* A sink for uploads over TLS: reads whole requests with a Content-Length, throws them away, and answers 200.
   cc -O2 -pthread -o tls_sink tls_sink.c -lssl -lcrypto; ./tls_sink CERTIFICATE_AND_KEY.pem
   It prints the port that it listens on, at 127.0.0.1. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK (1 << 20)
#define HEAD (1 << 16)

static const char ANSWER[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
static SSL_CTX *context;

/* Read one request and answer it; 0 when the client is gone. */
static int serve(SSL *tls, char *block)
{
    char head[HEAD + 1];
    size_t read = 0;
    char *end = NULL, *field;
    while (!end) {
        int got = read < HEAD ? SSL_read(tls, head + read, HEAD - read) : 0;
        if (got <= 0)
            return 0;
        read += got;
        head[read] = 0;
        end = strstr(head, "\r\n\r\n");
    }
    field = strcasestr(head, "\r\ncontent-length:");
    long long left = (field ? atoll(field + 17) : 0) - (long long)(head + read - (end + 4));
    while (left > 0) {
        int got = SSL_read(tls, block, BLOCK);
        if (got <= 0)
            return 0;
        left -= got;
    }
    return SSL_write(tls, ANSWER, sizeof ANSWER - 1) > 0;
}

static void *converse(void *argument)
{
    int connection = (int)(long)argument;
    char *block = malloc(BLOCK);
    SSL *tls = SSL_new(context);
    SSL_set_fd(tls, connection);
    if (SSL_accept(tls) == 1)
        while (serve(tls, block))
            ;
    SSL_free(tls);
    free(block);
    close(connection);
    return NULL;
}

int main(int count, char **words)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    if (count != 2)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    context = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(context, words[1]) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, words[1], SSL_FILETYPE_PEM) != 1)
        return 1;
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 64) ||
        getsockname(listener, (struct sockaddr *)&address, &size))
        return 1;
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        pthread_t thread;
        int connection = accept(listener, NULL, NULL);
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        pthread_create(&thread, NULL, converse, (void *)(long)connection);
        pthread_detach(thread);
    }
}

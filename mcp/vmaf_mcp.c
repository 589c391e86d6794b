/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The program vmaf-mcp: what it is told, and the way in and out that it serves. */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http.h"
#include "json_memory.h"
#include "libvmaf/vmaf_ext.h"
#include "lines.h"
#include "number.h"
#include "resources.h"
#include "schema.h"
#include "toolbox.h"

/* As those of vmaf. */
enum { EXIT_OK = 0, EXIT_USAGE = 1, EXIT_INPUT = 2, EXIT_INTERNAL = 4 };

enum { JOBS_MAX = 64, SECONDS_MAX = 7 * 24 * 3600, IDLE_MAX = 3600 };

static const char help_text[] =
    "usage: vmaf-mcp [options]\n"
    "\n"
    "An MCP server for video quality: it is started by a client, which talks to it through "
    "standard\n"
    "input and output.\n"
    "\n"
    "  --allow DIR            files beneath this folder may be read; repeatable. Without any, "
    "none\n"
    "  --http [ADDRESS:]PORT  serve Streamable HTTP at http://127.0.0.1:PORT/mcp instead; 0 = any "
    "port\n"
    "  --unix PATH            serve a Unix socket instead, one message a line\n"
    "  --document             print what the tools are, as Markdown\n"
    "  --version              print the version\n"
    "  --help                 print this\n"
    "\n"
    "environment:\n"
    "  VMAF_MCP_ALLOW         folders as with --allow, separated by colons\n"
    "  VMAF_MCP_TOKEN         what HTTP clients must send as bearer token\n"
    "  VMAF_MCP_JOBS          scores at a time (1)\n"
    "  VMAF_MCP_TIMEOUT       seconds one call may take (3600)\n"
    "  VMAF_MCP_IDLE          seconds after which HTTP connections without a request are closed "
    "(30)\n"
    "  VMAF_MCP_KEEPALIVE     seconds of silence after which an HTTP stream gets a comment (10)\n"
    "  VMAF_MCP_MAX_FRAMES    frames one call may score (10000000)\n"
    "\n"
    "exit: 0 fine, 1 usage, 2 a folder or address cannot be used, 4 internal error\n";

static const char instructions[] =
    "Exact VMAF scores (libvmaf 3.2 values) of video files on this machine. Call probe_video first "
    "if "
    "format or length are unknown, then vmaf_score; its answer is a summary, frames are behind the "
    "link to vmaf://reports/{id}. describe_worst_frames shows where an encode looks worst.";

static const VmOffer offer = {
    .name = "vmaf-mcp",
    .title = "VMAF video quality",
    .version = VM_TOOL_VERSION,
    .instructions = instructions,
    .tools = vm_tools,
    .list_resources = vm_resources_list,
    .templates = vm_resource_templates,
    .read_resource = vm_resources_read,
    .prompts = vm_prompts,
    .complete = vm_prompts_complete,
};

typedef struct Options {
    VmText allow;
    const char *http, *unix_path;
    VmLimits limits;
} Options;

static int fail(int status, const char *text)
{
    fprintf(stderr, "vmaf-mcp: error: %s\n", text);
    return status;
}

/* ---- what it is told ---- */

static int read_limit(const char *name, uint64_t max, uint64_t *value)
{
    const char *text = getenv(name);

    if (!text || !*text) return 0;
    if (!vm_number_decimal(text, max, value) && *value) return 0;
    fprintf(stderr, "vmaf-mcp: error: %s must be a whole number from 1 to %llu, not \"%s\"\n", name,
            (unsigned long long)max, text);
    return -EINVAL;
}

static int read_environment(Options *options)
{
    VmLimits *limits = &options->limits;
    uint64_t jobs = limits->jobs, seconds = (uint64_t)limits->timeout, idle = limits->idle,
             beat = limits->beat;
    const char *allow = getenv("VMAF_MCP_ALLOW");

    VM_TRY(read_limit("VMAF_MCP_JOBS", JOBS_MAX, &jobs));
    VM_TRY(read_limit("VMAF_MCP_TIMEOUT", SECONDS_MAX, &seconds));
    VM_TRY(read_limit("VMAF_MCP_IDLE", IDLE_MAX, &idle));
    VM_TRY(read_limit("VMAF_MCP_KEEPALIVE", IDLE_MAX, &beat));
    VM_TRY(read_limit("VMAF_MCP_MAX_FRAMES", UINT32_MAX, &limits->max_frames));
    limits->jobs = (unsigned)jobs;
    limits->timeout = (double)seconds;
    limits->idle = (unsigned)idle;
    limits->beat = (unsigned)beat;
    if (allow) vm_text_add(&options->allow, "%s", allow);
    return 0;
}

static void print_document(void)
{
    VmText text = {0};

    vm_schema_document(&text, vm_tools);
    if (text.data) fputs(text.data, stdout);
    vm_text_free(&text);
}

/* Returns -1: go on; else the exit status. */
static int read_options(Options *options, int argc, char **argv)
{
    enum { ALLOW = 1, HTTP, UNIX, DOCUMENT, VERSION, HELP };
    static const struct option known[] = {
        {"allow", required_argument, NULL, ALLOW},
        {"http", required_argument, NULL, HTTP},
        {"unix", required_argument, NULL, UNIX},
        {"document", no_argument, NULL, DOCUMENT},
        {"version", no_argument, NULL, VERSION},
        {"help", no_argument, NULL, HELP},
        {NULL, 0, NULL, 0},
    };

    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (option) {
        case ALLOW:
            vm_text_add(&options->allow, "%s%s", options->allow.size ? ":" : "", optarg);
            break;
        case HTTP: options->http = optarg; break;
        case UNIX: options->unix_path = optarg; break;
        case DOCUMENT: print_document(); return EXIT_OK;
        case VERSION: printf("vmaf-mcp %s\n", VM_TOOL_VERSION); return EXIT_OK;
        case HELP: fputs(help_text, stdout); return EXIT_OK;
        default: return EXIT_USAGE;
        }
    }
    if (optind < argc) return fail(EXIT_USAGE, "there are no arguments but options; see --help");
    if (options->http && options->unix_path)
        return fail(EXIT_USAGE, "--http and --unix exclude each other");
    return -1;
}

/* ---- the end ---- */

static int stop_pipe[2] = {-1, -1};

static void on_signal(int number)
{
    const int saved = errno;

    (void)number;
    (void)!write(stop_pipe[1], "", 1);
    errno = saved;
}

static int watch_signals(void)
{
    struct sigaction stop = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};

    if (pipe2(stop_pipe, O_CLOEXEC | O_NONBLOCK)) return -errno;
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
    return 0;
}

/* Nothing but messages may come out at standard output: whoever prints, prints on standard error. */
static int take_stdout(void)
{
    const int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

    if (out < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) return -errno;
    return out;
}

static int serve_stdio(VmServer *server)
{
    const int out = take_stdout();
    const int code = out < 0 ? out : vm_lines_serve(server, STDIN_FILENO, out, stop_pipe[0]);

    return code ? fail(EXIT_INTERNAL, strerror(-code)) : EXIT_OK;
}

static int serve(VmServer *server, const Options *options)
{
    VmError why = {""};
    int code = 0;

    if (options->http)
        code = vm_http_serve(server, options->http, getenv("VMAF_MCP_TOKEN"), stop_pipe[0], &why);
    else if (options->unix_path)
        code = vm_lines_listen(server, options->unix_path, stop_pipe[0], &why);
    else return serve_stdio(server);
    return code ? fail(code == -ENOMEM ? EXIT_INTERNAL : EXIT_INPUT, why.text) : EXIT_OK;
}

static int run(const Options *options)
{
    VmToolbox box;
    VmServer *server = NULL;
    VmError why = {""};
    int status;

    if (vm_toolbox_open(&box, options->allow.data, &why)) {
        status = fail(EXIT_INPUT, why.text);
    } else if (watch_signals() || vm_server_open(&server, &offer, &options->limits)) {
        status = fail(EXIT_INTERNAL, "no memory or no pipe to be had");
    } else {
        server->toolbox = &box;
        status = serve(server, options);
    }
    /* A thread that does not end in time is in the middle of a frame: nothing it uses may go. */
    if (vm_server_close(server)) _exit(status);
    vm_toolbox_close(&box);
    return status;
}

int main(int argc, char **argv)
{
    Options options = {0};

    vm_json_memory_watch("vmaf-mcp");
    vm_limits_default(&options.limits);
    if (read_environment(&options)) return EXIT_USAGE;
    int status = read_options(&options, argc, argv);
    if (status < 0 && options.allow.failed) status = fail(EXIT_INTERNAL, "out of memory");
    if (status < 0) status = run(&options);
    vm_text_free(&options.allow);
    return status;
}

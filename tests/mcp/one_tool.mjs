// SPDX-License-Identifier: BSD-2-Clause-Patent
// The smallest server that the official SDK (version 1) makes: what vmaf-mcp's start is compared with.
//   node one_tool.mjs MODULES
import { createRequire } from 'node:module';
import { join } from 'node:path';

const need = createRequire(join(process.argv[2], 'x.js'));
const { McpServer } = need('@modelcontextprotocol/sdk/server/mcp.js');
const { StdioServerTransport } = need('@modelcontextprotocol/sdk/server/stdio.js');

const server = new McpServer({ name: 'one-tool', version: '1.0.0' });
server.registerTool('list_models', { description: 'A tool.' }, async () => ({
  content: [{ type: 'text', text: '{}' }],
}));
await server.connect(new StdioServerTransport());

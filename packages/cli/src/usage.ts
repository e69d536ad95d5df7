/** What `postern help` prints. */
export const USAGE = `postern: keys, budgets and configuration of a Postern LLM gateway

  postern keys create [NAME] [--team T] [--tenant T] [--user U] [--feature F] [--tag X]
                           [--route R]... [--model provider/model]... [--endpoint /v1/embeddings]...
                           [--budget 50/month] [--limit tokens=90000/minute]... [--expires 90d]
                           [--may-report]       calls that went around the gateway may be reported with it
  postern keys list
  postern keys rotate NAME [--grace 1h]        another key; the old one works for the grace
  postern keys revoke NAME|ID
  postern keys kill NAME|ID                    revokes every key of that name, and ends what is under way with them
  postern keys remove NAME|ID                  takes revoked and expired keys off the list
  postern keys usage NAME|ID                   what is used of its limits
  postern keys reset NAME|ID                   lets its limits begin anew

  postern limits list
  postern limits create --budget 500/month|--limit tokens=2000000/day [--scope team]...
                        [--team support]... [--mode soft] [--time-zone Europe/Berlin]
  postern limits remove ID

  postern targets disable provider/model|provider/*     no instance calls it any more
  postern targets enable provider/model|provider/*
  postern targets disabled

  postern usage                                what every active key has used of its limits
  postern usage --team support                 what is counted by that: --key, --tenant, --team, --user, ...
  postern reset --team support                 lets that begin anew
  postern budgets                              the same, of limits in dollars only

  postern config check [FILE]                  reads environment and file as a gateway would; lists every problem
  postern config explain [FILE]                every option that is in force, and where it was said
  postern serve [--port 8787] [--host 127.0.0.1] [--config FILE]

Of a running gateway: --url (or POSTERN_URL, default http://127.0.0.1:8787) and the admin token as POSTERN_ADMIN_TOKEN.
A gateway that is mounted has its mount in the URL: http://127.0.0.1:3000/llm

  --json     machine-readable output
Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 the gateway cannot be reached.
`

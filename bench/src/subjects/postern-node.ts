import { createServer } from 'node:http'
import { createGateway } from '@postern/core'
import { handleNode } from '@postern/core/node'
import { serve } from '../child.ts'
import { posternOptions } from './postern-options.ts'

const gateway = createGateway(posternOptions())
serve(
  createServer((request, response) => {
    handleNode(gateway, { request, response }).catch((error: Error) => response.destroy(error))
  }),
)

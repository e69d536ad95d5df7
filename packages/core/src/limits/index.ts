export { type EventLoopDelay, HostLoad, type Shedding } from './host-load.ts'
